from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from spectra.axis import XKind
from spectra.axis_standards import standard
from spectra.calibrate_axis import calibrate
from spectra.errors import AxisError, GridMismatchError, SpectrumError
from spectra.grid import FTIR_GRID, RAMAN_GRID
from spectra.pipeline import SCHEMA, Pipeline, PlannedStep, planned
from spectra.prepare import vibrational
from spectra.quality import CalibrationAge
from spectra.simulate import Band, ftir, raman
from spectra.spectrum import Technique
from spectra.standard_pipelines import STANDARD_PIPELINES
from spectra.step_kinds import STEP_KINDS
from tests.step_tests import a_curve, falling

DISPLAY = STANDARD_PIPELINES["raman-display/1"]
BANDS = [
    Band(position_cm1=b, width_cm1=8.0, height=h)
    for b, h in (
        (620.9, 20),
        (795.8, 12),
        (1001.4, 100),
        (1031.8, 30),
        (1155.3, 14),
        (1450.5, 12),
        (1583.1, 12),
        (1602.3, 28),
        (2852.4, 12),
        (2904.5, 25),
        (3054.3, 60),
    )
]


def a_raman(seed=0, **changes):
    return raman("r", BANDS, np.random.default_rng(seed), **changes)


def an_ftir(seed=0, **changes):
    return ftir("i", BANDS, np.random.default_rng(seed), **changes)


@pytest.mark.parametrize("name", sorted(STANDARD_PIPELINES))
def test_a_standard_pipeline_survives_its_json(name):
    pipeline = STANDARD_PIPELINES[name]
    text = pipeline.to_json()
    again = Pipeline.from_json(text)
    assert again == pipeline
    assert hash(again) == hash(pipeline)
    assert again.to_json() == text
    assert again.digest == pipeline.digest
    assert pipeline.identity == name


@pytest.mark.parametrize("name", sorted(STANDARD_PIPELINES))
def test_the_same_json_gives_the_same_bytes(name):
    spectrum = a_raman() if "raman" in name else an_ftir()
    made = STANDARD_PIPELINES[name].apply(spectrum)
    again = Pipeline.from_json(STANDARD_PIPELINES[name].to_json()).apply(spectrum)
    assert made.y.tobytes() == again.y.tobytes()
    assert made.steps == again.steps
    assert made.pipeline == name
    assert made.digest == again.digest


def test_json_states_every_parameter_and_version():
    document = json.loads(Pipeline(name="n", version=3, steps=(planned("arpls"),)).to_json())
    assert document == {
        "schema": SCHEMA,
        "name": "n",
        "version": 3,
        "steps": [
            {
                "step": "arpls",
                "version": 1,
                "parameters": {"period_cm1": 500.0, "tolerance": 0.001, "max_iterations": 51},
            }
        ],
    }


@pytest.mark.parametrize(
    ("technique", "spectrum", "name"),
    [
        (Technique.RAMAN, a_raman(), "vibrational-raman/2"),
        (Technique.FTIR, an_ftir(), "vibrational-ftir/1"),
    ],
)
def test_searching_prepares_by_the_standard_pipeline(technique, spectrum, name):
    prepared = vibrational(spectrum, technique)
    made = STANDARD_PIPELINES[name].apply(spectrum)
    assert prepared.y.tobytes() == made.y.tobytes()
    assert prepared.steps == made.steps
    assert prepared.quality == made.quality


def test_either_axis_direction_gives_the_same_result():
    for name, spectrum in (("raman-display/1", a_raman()), ("ftir-display/1", an_ftir())):
        made = STANDARD_PIPELINES[name].apply(spectrum)
        turned = STANDARD_PIPELINES[name].apply(falling(spectrum))
        np.testing.assert_allclose(turned.y, made.y, atol=1e-9)


def test_display_takes_spikes_and_background_off():
    plain = a_raman(fluorescence=1.0, laser_line=0.0)
    y = plain.y.copy()
    y[300] += 4e4
    made = DISPLAY.apply(replace(plain, y=y))
    reference = DISPLAY.apply(a_raman(fluorescence=0.0, laser_line=0.0, seed=5))
    both = made.covered & reference.covered
    assert np.corrcoef(made.y[both], reference.y[both])[0, 1] > 0.99
    words = " / ".join(map(str, made.steps))
    assert "channels edited 1 at 750 cm⁻¹" in words
    assert "arPLS baseline (period 400 cm⁻¹" in words


def test_the_gate_judges_the_curve_before_it_is_smoothed():
    noisy = a_raman(counts=25.0, fluorescence=40.0)
    smoothed = Pipeline(
        name="s",
        version=1,
        steps=(
            *STANDARD_PIPELINES["vibrational-raman/2"].steps,
            planned("smooth", window_cm1=60.0),
            planned("normalize"),
        ),
    )
    plain = STANDARD_PIPELINES["vibrational-raman/2"].apply(noisy)
    assert not plain.quality.ok
    assert smoothed.apply(noisy).quality == plain.quality


def test_points_left_out_do_not_count_as_missing():
    made = STANDARD_PIPELINES["vibrational-ftir/1"].apply(an_ftir())
    assert made.quality.coverage == 1.0
    assert not made.covered.all()


def test_an_axis_calibration_is_a_recorded_step_before_the_clipping():
    run = a_raman(shift_cm1=4.0)
    pipeline = DISPLAY.calibrated(calibrate(run, standard("polystyrene")))
    assert pipeline.identity == "raman-display+axis/1"
    assert [s.kind for s in pipeline.steps][:4] == [
        "convert",
        "require",
        "calibrate_axis",
        "ascend",
    ]
    made = pipeline.apply(a_raman(seed=7, shift_cm1=4.0))
    top = made.x[np.nanargmax(made.y)]
    assert abs(top - 1001.4) <= RAMAN_GRID.step_cm1
    words = " / ".join(map(str, made.steps))
    assert "calibrate the axis (standard polystyrene, bands 11" in words
    assert Pipeline.from_json(pipeline.to_json()) == pipeline
    assert len(pipeline.calibrated(calibrate(run, standard("polystyrene"))).steps) == len(
        pipeline.steps
    )


def test_searching_can_take_the_calibration_and_its_age():
    calibration = calibrate(a_raman(shift_cm1=6.0), standard("polystyrene"))
    shifted = a_raman(seed=3, shift_cm1=6.0)
    straight = vibrational(a_raman(seed=3), Technique.RAMAN)
    put_right = vibrational(shifted, Technique.RAMAN, calibration=calibration)
    left = vibrational(shifted, Technique.RAMAN)
    assert put_right.pipeline == "vibrational/2+axis"
    both = straight.covered & put_right.covered & left.covered
    truth = straight.y[both]
    assert np.corrcoef(put_right.y[both], truth)[0, 1] > np.corrcoef(left.y[both], truth)[0, 1]
    overdue = vibrational(shifted, Technique.RAMAN, age=CalibrationAge(days=40.0, limit_days=31.0))
    assert overdue.quality.reasons == (
        "the axis was last checked 40 days before, 31 are allowed; run the standard",
    )


def test_three_acquisitions_are_compared_instead_of_despiked_by_shape():
    runs = [a_raman(seed) for seed in range(4)]
    struck = runs[2].y.copy()
    struck[400:404] += 3e4  # as wide as a band: its shape gives nothing away
    runs[2] = replace(runs[2], y=struck)
    made = DISPLAY.apply(runs[0], replicates=runs[1:])
    assert made.steps[0].parameters == {
        "acquisitions": "4",
        "channels edited": "4 at 950 cm⁻¹",
    }
    assert not any("by shape" in step.name for step in made.steps)


def test_one_clipped_acquisition_makes_the_whole_insufficient():
    runs = [a_raman(seed) for seed in range(3)]
    runs[1] = replace(runs[1], y=np.minimum(runs[1].y, 14_000.0))
    verdict = DISPLAY.apply(runs[0], replicates=runs[1:]).quality
    assert not verdict.ok
    assert verdict.reasons[0].startswith("acquisition 2 is clipped")


def test_both_zeros_are_one_pipeline():
    plus = Pipeline(name="n", version=1, steps=(planned("clip", start_cm1=0.0, stop_cm1=9.0),))
    minus = Pipeline(name="n", version=1, steps=(planned("clip", start_cm1=-0.0, stop_cm1=9.0),))
    assert plus.to_json() == minus.to_json()


def test_acquisitions_that_cannot_be_compared_are_refused():
    with pytest.raises(SpectrumError, match="at least 3"):
        DISPLAY.apply(a_raman(), replicates=[a_raman(1)])
    other = a_raman(1)
    with pytest.raises(GridMismatchError):
        DISPLAY.apply(a_raman(), replicates=[other, replace(other, x=other.x + 1.0)])
    with pytest.raises(SpectrumError, match="no despiking step"):
        STANDARD_PIPELINES["vibrational-raman/1"].apply(a_raman(), replicates=[a_raman(1)])
    with pytest.raises(SpectrumError, match="Raman spectra only"):
        Pipeline(name="n", version=1, steps=(planned("despike"),)).apply(
            an_ftir(), replicates=[an_ftir(1), an_ftir(2)]
        )


def test_a_curve_no_instrument_gives_is_refused():
    with pytest.raises(SpectrumError, match="no instrument"):
        DISPLAY.apply(a_curve(y=1e200 * np.ones(801)))
    with pytest.raises(AxisError):
        DISPLAY.apply(a_curve([3.0, 1.0, 2.0], np.ones(3)))


def test_nothing_in_range_is_our_error_or_insufficient():
    far = a_curve(4000.0 + 2.0 * np.arange(801))
    assert not STANDARD_PIPELINES["vibrational-raman/2"].apply(far).quality.ok
    with pytest.raises(SpectrumError, match="no measured point"):
        DISPLAY.apply(far)


GOOD = json.loads(Pipeline(name="n", version=1, steps=(planned("smooth"),)).to_json())
STEP = GOOD["steps"][0]
BAD_DOCUMENTS = {
    "schema": GOOD | {"schema": "fol.pipeline/2"},
    "no name": {k: v for k, v in GOOD.items() if k != "name"},
    "unknown key": GOOD | {"author": "x"},
    "name": GOOD | {"name": "Über Pipeline"},
    "number as name": GOOD | {"name": 5},
    "version": GOOD | {"version": 0},
    "true as version": GOOD | {"version": True},
    "text as version": GOOD | {"version": "1"},
    "no steps": GOOD | {"steps": []},
    "steps": GOOD | {"steps": {"smooth": 1}},
    "many steps": GOOD | {"steps": [STEP] * 41},
    "step": GOOD | {"steps": ["smooth"]},
    "unknown step": GOOD | {"steps": [STEP | {"step": "smoth"}]},
    "list as step": GOOD | {"steps": [STEP | {"step": ["smooth"]}]},
    "step version": GOOD | {"steps": [STEP | {"version": 2}]},
    "fraction as step version": GOOD | {"steps": [STEP | {"version": 1.0}]},
    "missing parameter": GOOD | {"steps": [STEP | {"parameters": {"order": 2}}]},
    "no parameters": GOOD | {"steps": [STEP | {"parameters": []}]},
    "unknown parameter": GOOD
    | {"steps": [STEP | {"parameters": STEP["parameters"] | {"wide": 1}}]},
    "text": GOOD | {"steps": [STEP | {"parameters": {"order": 2, "window_cm1": "9"}}]},
    "fraction": GOOD | {"steps": [STEP | {"parameters": {"order": 2.5, "window_cm1": 9}}]},
    "flag": GOOD | {"steps": [STEP | {"parameters": {"order": True, "window_cm1": 9}}]},
    "range": GOOD | {"steps": [STEP | {"parameters": {"order": 99, "window_cm1": 9}}]},
    "list": [GOOD],
}


@pytest.mark.parametrize("name", sorted(BAD_DOCUMENTS))
def test_a_document_with_a_fault_is_refused(name):
    with pytest.raises(SpectrumError):
        Pipeline.from_json(json.dumps(BAD_DOCUMENTS[name]))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[" * 30_000,
        "null",
        '{"schema":"fol.pipeline/1","schema":"fol.pipeline/1"}',
        json.dumps(GOOD).replace("10.0", "NaN"),
        json.dumps(GOOD).replace("10.0", "1e999"),
        json.dumps(GOOD).replace("10.0", "1" + "0" * 5000),
        " " * 70_000,
    ],
    ids=["empty", "open", "deep", "null", "twice", "nan", "infinite", "long", "large"],
)
def test_a_hostile_text_is_refused(text):
    with pytest.raises(SpectrumError):
        Pipeline.from_json(text)


def test_a_near_miss_is_named():
    with pytest.raises(SpectrumError) as refused:
        planned("smooth", windw_cm1=3.0)
    assert "window_cm1" in refused.value.hint
    with pytest.raises(SpectrumError) as refused:
        planned("arpsl")
    assert "arpls" in refused.value.hint


def test_a_planned_step_is_checked_and_complete():
    assert dict(planned("normalize").parameters) == {"method": "maximum"}
    with pytest.raises(SpectrumError, match="without its parameter"):
        planned("clip", start_cm1=1.0)
    with pytest.raises(SpectrumError):
        PlannedStep("smooth", (("window_cm1", 5.0),))
    with pytest.raises(SpectrumError, match=r"normalize\.method"):
        planned("normalize", method="max")


def test_grids_of_the_standard_pipelines_are_the_canonical_ones():
    for name, grid in (("ftir", FTIR_GRID), ("raman", RAMAN_GRID)):
        made = STANDARD_PIPELINES[f"vibrational-{name}/1"]
        steps = {step.kind: dict(step.parameters) for step in made.steps}
        assert steps["resample"]["step_cm1"] == grid.step_cm1
        assert steps["clip"]["stop_cm1"] == grid.stop_cm1
    assert STEP_KINDS["despike"].needs


def test_a_raman_curve_is_refused_by_an_infrared_pipeline():
    with pytest.raises(SpectrumError, match="not a ftir spectrum"):
        STANDARD_PIPELINES["ftir-display/1"].apply(a_raman())
    assert a_raman().x_kind is XKind.RAMAN_SHIFT
