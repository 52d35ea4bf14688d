"""What of a run was in its blank too: components aligned in time and compared one by one.

Marks, never removes: a component at the blank's height is carry-over or background, and the person
must see that it was there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spectra.axis import FloatArray, IntArray
from spectra.chromatography import Component

COMPARABLE = 3.0
"""Less than this many times the blank's area is comparable with it."""

# Spectra of one substance in two runs of one instrument agree at least so well.
_LEAST_LIKENESS = 0.8
# Two injections of one method differ by less than this.
_MOST_SHIFT_S = 15.0
# The shift is believed when at least so many substances show it; else none is assumed.
_FEWEST_PAIRS = 3
_SURE_LIKENESS = 0.92
# What is left of the shift between neighbours, in peak widths and in seconds.
_REACH_WIDTHS = 1.0
_REACH_S = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class InBlank:
    """The counterpart of a component in the blank run.

    Parameters
    ----------
    area_ratio : float
        Area of the component divided by that of its counterpart.
    time_apart_s : float
        Retention time less that of the counterpart, after the shift between the runs, in s.
    likeness : float
        Cosine of the two spectra over the roots of their intensities, 0 to 1.
    """

    area_ratio: float
    time_apart_s: float
    likeness: float

    @property
    def comparable(self) -> bool:
        """Whether the sample shows no more than the blank explains."""
        return self.area_ratio < COMPARABLE

    def __str__(self) -> str:
        """Say it in words for a report."""
        share = 1.0 / self.area_ratio
        if self.comparable:
            return (
                f"in the blank run at {share:.0%} of its area here: carry-over or background, "
                "not evidence of the sample"
            )
        return f"also in the blank run, at {share:.1%} of its area here"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BlankComparison:
    """All components of a run against its blank.

    Parameters
    ----------
    found : tuple of InBlank or None
        In the order of the components.
    shift_s : float
        Of the run against the blank, in s.
    n_pairs : int
        Substances the shift was taken from; below three it was taken as none.
    """

    found: tuple[InBlank | None, ...]
    shift_s: float
    n_pairs: int


def compare_with_blank(
    components: Sequence[Component], blank: Sequence[Component]
) -> BlankComparison:
    """Return for each component of a run what the blank holds of it.

    Parameters
    ----------
    components, blank : sequence of Component
        Of the sample's run and of the blank run of the same method, each in order of time.
    """
    if not components or not blank:
        return BlankComparison(found=(None,) * len(components), shift_s=0.0, n_pairs=0)
    times = np.array([each.retention_time_s for each in components])
    blank_times = np.array([each.retention_time_s for each in blank])
    row, column = _near(times, blank_times, _MOST_SHIFT_S)
    likeness = _likeness(components, blank, row, column)
    shift, n_pairs = _shift(times[row] - blank_times[column], row, likeness)
    widths = np.array([each.width_s for each in components])
    apart = times[row] - blank_times[column] - shift
    reach = np.maximum(_REACH_WIDTHS * widths[row], _REACH_S)
    same = np.flatnonzero((np.abs(apart) <= reach) & (likeness >= _LEAST_LIKENESS))
    best: list[InBlank | None] = [None] * len(components)
    # The counterpart is the one that is most alike; of equals the larger.
    areas = np.array([each.area for each in blank])
    for at in same[np.lexsort((areas[column[same]], likeness[same]))].tolist():
        own = components[int(row[at])]
        best[int(row[at])] = InBlank(
            area_ratio=own.area / max(float(areas[column[at]]), 1e-300),
            time_apart_s=float(apart[at]),
            likeness=float(likeness[at]),
        )
    return BlankComparison(found=tuple(best), shift_s=shift, n_pairs=n_pairs)


def _near(times: FloatArray, blank_times: FloatArray, reach: float) -> tuple[IntArray, IntArray]:
    """Return all pairs that lie within ``reach`` of each other."""
    first = np.searchsorted(blank_times, times - reach)
    last = np.searchsorted(blank_times, times + reach, side="right")
    count = last - first
    row = np.repeat(np.arange(times.size), count)
    start = np.repeat(first - (np.cumsum(count) - count), count)
    return row, np.arange(row.size) + start


def _likeness(
    components: Sequence[Component], blank: Sequence[Component], row: IntArray, column: IntArray
) -> FloatArray:
    top = 1 + int(max(float(each.spectrum.mz.max(initial=0.0)) for each in (*components, *blank)))
    left, right = (_unit_rows(group, top + 1) for group in (components, blank))
    return np.asarray(np.einsum("ij,ij->i", left[row], right[column]), dtype=np.float64)


def _unit_rows(components: Sequence[Component], n_mz: int) -> FloatArray:
    """Return the roots of the spectra as rows of length 1."""
    rows = np.zeros((len(components), n_mz))
    for at, each in enumerate(components):
        rows[at, each.spectrum.mz.astype(np.int64)] = np.sqrt(each.spectrum.intensity)
    norm = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(norm, 1e-300), dtype=np.float64)


def _shift(apart: FloatArray, row: IntArray, likeness: FloatArray) -> tuple[float, int]:
    """Return the median time apart of what is surely the same, and of how many substances."""
    sure = likeness >= _SURE_LIKENESS
    if not sure.any():
        return 0.0, 0
    # A substance with several look-alikes near it counts by its best, of equals the nearest.
    order = np.lexsort((-np.abs(apart[sure]), likeness[sure], row[sure]))
    rows = row[sure][order]
    last = np.append(rows[1:] != rows[:-1], True)
    chosen = apart[sure][order][last]
    if chosen.size < _FEWEST_PAIRS:
        return 0.0, int(chosen.size)
    return float(np.median(chosen)), int(chosen.size)
