"""Related forms in the hit lists of `benchmarks.accuracy_ei`: deuterated standards, derivatives.

What a related form is worth beside a plain hit is chosen on one half of the compounds and measured
on the other, both ways, so that every query is ranked by a choice it took no part in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from benchmarks import accuracy_ei as ei
from spectra import related
from spectra.calibration import calibrate
from spectra.peak_index import PeakIndex
from spectra.related import Related, RelationKind

LABEL_COSTS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3)
DERIVATIVE_COSTS = (-0.1, 0.0, 0.1, 0.2, 0.3)
_NONE = 1_001


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Query:
    """The plain hits of one query, and the related forms that may stand among them.

    Parameters
    ----------
    compounds, scores : ndarray, shape (n_hits,)
        Best first.
    own : int
        Its compound.
    forms : tuple of (Related, int)
        Best first, with the compound of each; empty where the answer names something.
    """

    compounds: np.ndarray
    scores: np.ndarray
    own: int
    forms: tuple[tuple[Related, int], ...]

    def rank(self, label_cost: float, derivative_cost: float) -> int:
        """Return the rank of its compound; a compound counts where it first stands."""
        first = set(self.compounds[:1].tolist())
        worth: list[tuple[float, int]] = []
        for each, compound in self.forms:
            is_label = each.kind is RelationKind.DEUTERATED
            value = each.score - (label_cost if is_label else derivative_cost)
            worth.append((value, compound))
        worth.sort(key=lambda each: -each[0])
        kept: list[tuple[float, int]] = []
        for value, compound in worth:
            if compound not in first and len(kept) < related.MOST:
                first.add(compound)
                kept.append((value, compound))
        order = related.mixed(self.scores.tolist(), [value for value, _ in kept], _NONE)
        named = [kept[at][1] if is_form else int(self.compounds[at]) for is_form, at in order]
        return named.index(self.own) + 1 if self.own in named else _NONE


def queries(data: ei.Collections, scores: np.ndarray, made: ei.Ranked, alpha: float) -> list[Query]:
    """Return the hits of every query; related forms only where its answer names nothing."""
    peaks = [(np.flatnonzero(row).astype(np.float64), row[row > 0]) for row in data.intensity]
    index = PeakIndex.build([(mz, height.astype(np.float64)) for mz, height in peaks])
    limit = calibrate(made.absent, alpha).threshold
    found: list[Query] = []
    for place, rows in ei.shortlists(data, scores, absent=False):
        at = int(data.queries[place])
        fit = ei.agreed(data.intensity[at], data.intensity[rows])
        order = np.argsort(-fit, kind="stable")
        open_ = limit is None or not made.present[place] > limit
        found.append(
            Query(
                compounds=data.compounds[rows[order]],
                scores=fit[order],
                own=int(data.compounds[at]),
                forms=tuple(_forms(data, index, at, peaks[at])) if open_ else (),
            )
        )
    return found


def _forms(
    data: ei.Collections, index: PeakIndex, at: int, peaks: tuple[np.ndarray, np.ndarray]
) -> list[tuple[Related, int]]:
    own = (data.compounds == data.compounds[at]) & (data.collections == data.collections[at])
    found = related.of_query(index, data.forms, (peaks[0], peaks[1].astype(np.float64)))
    return [(each, int(data.compounds[each.row])) for each in found if not own[each.row]]


def ranks(asked: Sequence[Query]) -> tuple[np.ndarray, list[tuple[float, float]]]:
    """Return the rank of every query by costs that its own half did not choose, and the choices."""
    names = np.array([each.own for each in asked])
    grid = list(product(LABEL_COSTS, DERIVATIVE_COSTS))
    every = np.array([[each.rank(*costs) for each in asked] for costs in grid])
    out = np.zeros(names.size, dtype=np.int64)
    chosen: list[tuple[float, float]] = []
    compounds = np.unique(names)
    order = np.random.default_rng(0).permutation(compounds)
    half = np.isin(names, order[: compounds.size // 2])
    for learnt in (half, ~half):
        gain = (every[:, learnt] <= 10).sum(axis=1) + (every[:, learnt] <= 3).sum(axis=1)
        best = int(gain.argmax())
        out[~learnt] = every[best, ~learnt]
        chosen.append(grid[best])
    return out, chosen
