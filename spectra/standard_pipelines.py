"""The pipelines that come with the program, by name; a change of numbers is a new version.

Searching takes no baseline off and smooths nothing: its score is a derivative, and both were
measured to cost hits. The display pipelines are for the eye, peak tables and quantities.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from types import MappingProxyType

from spectra.axis import XKind
from spectra.grid import Grid, canonical
from spectra.pipeline import Pipeline, PlannedStep, planned
from spectra.regions import DEFAULT_EXCLUSIONS, NamedRegion
from spectra.spectrum import Technique


@functools.lru_cache(maxsize=64)
def for_search(technique: Technique, grid: Grid, exclusions: tuple[NamedRegion, ...]) -> Pipeline:
    """Return what makes a curve of a technique searchable on a grid.

    Cosmic rays are taken out of Raman curves first: measured to find more wherever there are rays
    and never less (`benchmarks.preprocessing`).

    Raises
    ------
    SpectrumError
        A region or the grid is out of range.
    """
    is_raman = technique is Technique.RAMAN
    despiked = (planned("despike"),) if is_raman else ()
    return Pipeline(
        name=f"vibrational-{technique.value}",
        version=2 if is_raman else 1,
        steps=(*_read(technique, grid), *despiked, _onto(grid), *map(_leave_out, exclusions)),
    )


def _read(technique: Technique, grid: Grid) -> tuple[PlannedStep, ...]:
    axis = XKind.RAMAN_SHIFT if technique is Technique.RAMAN else XKind.WAVENUMBER
    return (
        planned("convert"),
        planned("require", axis=axis.value),
        planned("ascend"),
        planned("clip", start_cm1=grid.start_cm1, stop_cm1=grid.stop_cm1, margin_cm1=grid.step_cm1),
    )


def _onto(grid: Grid) -> PlannedStep:
    return planned(
        "resample", start_cm1=grid.start_cm1, stop_cm1=grid.stop_cm1, step_cm1=grid.step_cm1
    )


def _leave_out(region: NamedRegion) -> PlannedStep:
    return planned(
        "exclude",
        name=region.name,
        start_cm1=region.start_cm1,
        stop_cm1=region.stop_cm1,
        reason=region.reason,
    )


def _standard(technique: Technique) -> Pipeline:
    return for_search(technique, canonical(technique), DEFAULT_EXCLUSIONS[technique])


def _raman_with_rays() -> Pipeline:
    """Return version 1 of the Raman search, which left cosmic rays in."""
    newest = _standard(Technique.RAMAN)
    steps = tuple(step for step in newest.steps if step.kind != "despike")
    return Pipeline(name=newest.name, version=1, steps=steps)


def _raman_display() -> Pipeline:
    grid = canonical(Technique.RAMAN)
    return Pipeline(
        name="raman-display",
        version=1,
        steps=(
            *_read(Technique.RAMAN, grid),
            planned("despike"),
            _onto(grid),
            planned("arpls", period_cm1=400.0),
            planned("normalize", method="maximum"),
        ),
    )


def _ftir_display(*, from_atr: bool) -> Pipeline:
    grid = canonical(Technique.FTIR)
    corrected = (planned("atr", form="depth"),) if from_atr else ()
    return Pipeline(
        name="ftir-atr-display" if from_atr else "ftir-display",
        version=1,
        steps=(
            *_read(Technique.FTIR, grid),
            _onto(grid),
            *map(_leave_out, DEFAULT_EXCLUSIONS[Technique.FTIR]),
            *corrected,
            planned("arpls", period_cm1=800.0),
            planned("normalize", method="maximum"),
        ),
    )


_ALL = (
    _standard(Technique.FTIR),
    _standard(Technique.RAMAN),
    _raman_with_rays(),
    _raman_display(),
    _ftir_display(from_atr=False),
    _ftir_display(from_atr=True),
)
STANDARD_PIPELINES: Mapping[str, Pipeline] = MappingProxyType(
    {each.identity: each for each in _ALL}
)
"""By name and version: ``vibrational-ftir/1``, ``raman-display/1`` ..."""
