"""Pipelines on curves and texts nobody chose by hand: our errors or finite numbers, never else."""

from __future__ import annotations

import json

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from spectra.axis import XKind, YKind
from spectra.errors import SpectrumError
from spectra.pipeline import Pipeline, planned
from spectra.spectrum import Spectrum
from spectra.standard_pipelines import STANDARD_PIPELINES
from spectra.step import Parameter
from spectra.step_kinds import STEP_KINDS


@st.composite
def spectra(draw):
    """Any axis and ordinate: ordered or not, gaps, infinities, sizes from 1e-300 to 1e300."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(0, 400))
    x = draw(st.sampled_from([200.0, 350.0, -50.0, 1e5])) + np.cumsum(
        rng.uniform(0.5, 8.0, n) if draw(st.booleans()) else np.full(n, 4.0)
    )
    y = rng.normal(size=n).cumsum() * 10.0 ** draw(st.integers(-300, 300))
    for value in draw(st.lists(st.sampled_from([np.nan, np.inf, -np.inf, 0.0]), max_size=4)):
        if n:
            start = int(rng.integers(n))
            y[start : start + int(rng.integers(1, 60))] = value
    if draw(st.booleans()):
        x, y = x[::-1], y[::-1]
    if n > 2 and draw(st.integers(0, 9)) == 0:
        x[n // 2] = x[0]
    infrared = draw(st.booleans())
    return Spectrum(
        title="s",
        x=x,
        y=y,
        x_kind=XKind.WAVENUMBER if infrared else XKind.RAMAN_SHIFT,
        x_unit="cm-1",
        y_kind=draw(st.sampled_from([YKind.ABSORBANCE, YKind.TRANSMITTANCE]))
        if infrared
        else YKind.RAMAN_INTENSITY,
        y_unit="1",
    )


def a_value(parameter: Parameter):
    if parameter.choices:
        return st.sampled_from(parameter.choices)
    if parameter.kind is bool:
        return st.booleans()
    if parameter.kind is str:
        return st.text(max_size=20)
    low, high = max(parameter.low, -1e6), min(parameter.high, 1e6)
    if parameter.kind is int:
        return st.integers(int(low), int(high))
    number = st.floats(low, high, allow_nan=False)
    return st.lists(number, min_size=1, max_size=3) if parameter.kind is tuple else number


@st.composite
def pipelines(draw):
    steps = []
    for kind in draw(st.lists(st.sampled_from(sorted(STEP_KINDS)), min_size=1, max_size=5)):
        given_values = {
            name: draw(a_value(parameter))
            for name, parameter in STEP_KINDS[kind].parameters.items()
            if parameter.default is None or draw(st.booleans())
        }
        try:
            steps.append(planned(kind, **given_values))
        except SpectrumError:  # a text that is not printable
            continue
    return Pipeline(name="p", version=1, steps=tuple(steps or [planned("convert")]))


@settings(max_examples=150, deadline=None)
@given(spectra(), st.sampled_from(sorted(STANDARD_PIPELINES)))
def test_a_standard_pipeline_gives_numbers_or_our_error(spectrum, name):
    kept = spectrum.y.tobytes()
    try:
        made = STANDARD_PIPELINES[name].apply(spectrum)
    except SpectrumError:
        made = None
    assert spectrum.y.tobytes() == kept
    if made is not None:
        assert not np.isinf(made.y).any()
        assert made.y.tobytes() == STANDARD_PIPELINES[name].apply(spectrum).y.tobytes()


@settings(max_examples=150, deadline=None)
@given(spectra(), pipelines())
def test_any_pipeline_gives_numbers_or_our_error_and_survives_its_json(spectrum, pipeline):
    assert Pipeline.from_json(pipeline.to_json()) == pipeline
    try:
        made = pipeline.apply(spectrum)
    except SpectrumError:
        return
    assert made.x.shape == made.y.shape == made.covered.shape
    assert made.digest == pipeline.digest


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
GOOD = STANDARD_PIPELINES["raman-display/1"].to_json()


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_spoilt_document_is_refused_or_is_another_sound_pipeline(data):
    document = json.loads(GOOD)
    step = data.draw(st.sampled_from(document["steps"]))
    target = data.draw(st.sampled_from([document, step, step["parameters"]]))
    key = data.draw(st.sampled_from(sorted(target)) if target else st.text(max_size=5))
    target[key] = data.draw(JSON)
    try:
        made = Pipeline.from_json(json.dumps(document))
    except SpectrumError:
        return
    assert Pipeline.from_json(made.to_json()) == made


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200) | st.integers(0, len(GOOD)).map(lambda n: GOOD[:n]))
def test_any_text_is_refused_as_ours(text):
    try:
        Pipeline.from_json(text)
    except SpectrumError:
        return
    assert text == GOOD
