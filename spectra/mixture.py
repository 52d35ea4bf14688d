"""Which few library substances together explain a curve, and how much stays unexplained.

Beam search for the best non-negative fit over the whole library, in first-derivative space. Knows
rows and groups; whether a fit may be called a mixture is decided in `spectra.decision`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from spectra.axis import FloatArray, IntArray
from spectra.calibration import Calibration, calibrate
from spectra.curve_index import CurveIndex
from spectra.curve_query import CurveQuery
from spectra.decision import ComponentFit
from spectra.errors import SpectrumError
from spectra.similarity import POLYNOMIAL_DEGREE, polynomial_basis

MOST_COMPONENTS = 3
BEAM = 40
_SHIFT_BEAM = 3
# Two references this alike (1 − g²) cannot be told apart as components.
_LEAST_INDEPENDENCE = 1e-3

Columns = Callable[[IntArray], FloatArray]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fit:
    """A non-negative fit of some rows.

    Parameters
    ----------
    rows : tuple of int
    weights : ndarray of float, shape (k,)
        Of unit vectors, all positive.
    explained : float
        R² of the fit, 0 to 1.
    """

    rows: tuple[int, ...]
    weights: FloatArray
    explained: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Explanation:
    """The best fits of one, two and three components.

    Parameters
    ----------
    fits : tuple of Fit
        By number of components; fewer where no further one has a positive weight.
    agreed : tuple of bool
        For each fit: the polynomial-projected curves of the same candidates name the same groups.
    groups : array, shape (n_rows,)
        Substance of each library row.
    """

    fits: tuple[Fit, ...]
    agreed: tuple[bool, ...]
    groups: npt.NDArray[np.generic]

    @property
    def residual(self) -> float:
        """Unexplained share with as many components as were tried."""
        return 1.0 - self.fits[-1].explained if self.fits else 1.0

    def gain(self, components: int) -> float:
        """Return the share of what one component fewer leaves that the last one explains."""
        if not 2 <= components <= len(self.fits):
            return 0.0
        before, after = (self.fits[k - 1].explained for k in (components - 1, components))
        return (after - before) / max(1.0 - before, 1e-12)

    def component_fit(
        self, names: Callable[[int], str], gain_limit: float | None
    ) -> ComponentFit | None:
        """Return what `spectra.decision.decide` takes, or None when nothing fits at all.

        Parameters
        ----------
        names : callable
            Maps a row to its substance.
        gain_limit : float or None
            A further component is taken while its gain is above it; None keeps one.
        """
        if not self.fits:
            return None
        count = 1
        while gain_limit is not None and self.gain(count + 1) > gain_limit:
            count += 1
        fit = self.fits[count - 1]
        order = np.argsort(-fit.weights, kind="stable")
        shares = fit.weights[order] / fit.weights.sum()
        return ComponentFit(
            substances=tuple(names(fit.rows[at]) for at in order),
            shares=tuple(float(share) for share in shares),
            residual=self.residual,
            gain=self.gain(2),
            agreed=self.agreed[count - 1],
        )


def explain(
    index: CurveIndex,
    query: FloatArray,
    groups: npt.ArrayLike,
    *,
    most: int = MOST_COMPONENTS,
    beam: int = BEAM,
    without: Sequence[int] = (),
) -> Explanation:
    """Return the best fits of up to ``most`` substances to a query.

    Parameters
    ----------
    index : CurveIndex
    query : ndarray of float, shape (n_points,)
        On the grid of the index, NaN where not measured.
    groups : array, shape (n_rows,)
        Substance of each row; two rows of one substance are never two components.
    most, beam : int
        Components tried, and partial fits kept at each number of them.
    without : sequence of int
        Rows that must not be used: the query's own in a calibration.

    Raises
    ------
    GridMismatchError, FlatSpectrumError
        As `CurveIndex.search`.
    SpectrumError
        ``groups`` does not fit the index.

    Notes
    -----
    All components share one axis shift, the one at which a few of them explain most: a single row
    would bend the axis towards itself. The whole library competes for every further component,
    as the minor one is often far down a list of single scores.
    """
    labels = np.asarray(groups)
    if labels.shape != (len(index),):
        raise SpectrumError(f"{labels.shape} groups for {len(index)} rows")
    ready = index.query(query)
    scale = index.component_scale(ready)
    if len(without):
        scale[np.asarray(without, dtype=np.int64)] = 0.0
    matches = index.products(ready.vectors) * scale[:, None]

    def columns(rows: IntArray) -> FloatArray:
        vectors = index.region_vectors(rows, ready) * scale[rows, None]
        return index.products(vectors) * scale[:, None]

    # Text compares slowly, and every partial fit asks which rows are of its own substances.
    number = labels if labels.dtype.kind in "iu" else np.unique(labels, return_inverse=True)[1]
    place = _shared_shift(matches, columns, number, most)
    fits, pool = beam_fits(matches[:, place], columns, number, most=most, beam=beam)
    shift = int(ready.shifts[place])
    agreed = _agreements(index, ready, shift, fits, pool, number)
    return Explanation(fits=tuple(fits), agreed=agreed, groups=labels)


def _shared_shift(
    matches: FloatArray, columns: Columns, groups: npt.NDArray[np.generic], most: int
) -> int:
    """Return the column of ``matches``, one per shift, whose narrow search explains most."""
    if matches.shape[1] == 1:
        return 0
    explained = []
    for place in range(matches.shape[1]):
        fits, _ = beam_fits(matches[:, place], columns, groups, most=most, beam=_SHIFT_BEAM)
        explained.append(round(fits[-1].explained, 6) if fits else 0.0)
    return int(np.argmax(explained))  # shifts are nearest to zero first: the smallest wins a tie


def beam_fits(
    match: FloatArray,
    columns: Columns,
    groups: npt.NDArray[np.generic],
    *,
    most: int = MOST_COMPONENTS,
    beam: int = BEAM,
) -> tuple[list[Fit], IntArray]:
    """Return the best fit for each number of components, and all rows that were in the beam.

    Parameters
    ----------
    match : ndarray of float, shape (n,)
        Product of each unit row with the unit query; not positive for rows that must not be used.
    columns : callable
        Gives the products of some rows with all rows, shape (n, n_asked).
    groups : array, shape (n,)
    """
    leaders = np.argsort(-match, kind="stable")[:beam]
    leaders = leaders[match[leaders] > 0]
    if not leaders.size:
        return [], leaders
    top = int(leaders[0])
    fits = [Fit(rows=(top,), weights=match[[top]], explained=float(match[top]) ** 2)]
    sets: list[tuple[int, ...]] = [(int(row),) for row in leaders]
    seen = set(map(int, leaders))
    while len(fits) < most:
        grown = _grow(match, columns, groups, sets, beam)
        if not grown or grown[0].explained <= fits[-1].explained:
            break
        fits.append(grown[0])
        sets = [fit.rows for fit in grown]
        seen.update(row for rows in sets for row in rows)
    return fits, np.array(sorted(seen), dtype=np.int64)


def _grow(
    match: FloatArray,
    columns: Columns,
    groups: npt.NDArray[np.generic],
    sets: list[tuple[int, ...]],
    beam: int,
) -> list[Fit]:
    """Return the best sets with one row more and all weights positive, best first."""
    used = np.array(sorted({row for rows in sets for row in rows}), dtype=np.int64)
    at = {int(row): place for place, row in enumerate(used)}
    gram = columns(used)
    parts = []
    for rows in sets:
        chosen = list(rows)
        beside = gram[:, [at[row] for row in rows]]
        inverse = np.linalg.inv(beside[chosen])
        weights = inverse @ match[chosen]
        left = match - beside @ weights
        free = 1.0 - np.einsum("ij,ij->i", beside @ inverse, beside)
        allowed = (left > 0) & (match > 0) & (free > _LEAST_INDEPENDENCE)
        for row in chosen:
            allowed &= groups != groups[row]
        gain = np.where(allowed, left**2 / np.where(allowed, free, 1.0), 0.0)
        count = min(beam, gain.size)
        new = np.argpartition(gain, gain.size - count)[gain.size - count :]
        new = new[gain[new] > 0]
        last = (left[new] / free[new])[:, None]
        first = weights - last * (beside[new] @ inverse)
        keep = first.min(axis=1) > 0
        members = np.column_stack((np.tile(chosen, (new.size, 1)), new)).astype(np.int64)
        explained = float(match[chosen] @ weights) + gain[new]
        parts.append((members[keep], np.hstack((first, last))[keep], explained[keep]))
    members, all_weights, explained = (np.concatenate(part) for part in zip(*parts, strict=True))
    order = np.lexsort((*np.sort(members, axis=1).T[::-1], -np.round(explained, 12)))
    found: dict[tuple[int, ...], Fit] = {}
    for place in order:
        if len(found) == beam:
            break
        rows = tuple(int(row) for row in members[place])
        fit = Fit(rows=rows, weights=all_weights[place], explained=float(explained[place]))
        found.setdefault(tuple(sorted(rows)), fit)
    return list(found.values())


def _agreements(
    index: CurveIndex,
    query: CurveQuery,
    shift: int,
    fits: list[Fit],
    pool: IntArray,
    groups: npt.NDArray[np.generic],
) -> tuple[bool, ...]:
    """Return for each fit whether polynomial-projected curves of the pool name the same groups."""
    curves = np.vstack((query.shifted_curve(shift), index.curves(pool)))
    region = query.region & np.isfinite(curves).all(axis=0)
    if not fits or np.count_nonzero(region) <= 2 * POLYNOMIAL_DEGREE:
        return (False,) * len(fits)
    inside = curves[:, region]
    basis = polynomial_basis(np.flatnonzero(region).astype(np.float64), POLYNOMIAL_DEGREE)
    inside = inside - (inside @ basis) @ basis.T
    norms = np.linalg.norm(inside, axis=1, keepdims=True)
    unit = inside / np.where(norms > 0, norms, 1.0)
    gram = unit[1:] @ unit[1:].T
    seconds, _ = beam_fits(
        unit[1:] @ unit[0], lambda rows: gram[:, rows], groups[pool], most=len(fits)
    )
    named = [{groups[pool[row]] for row in second.rows} for second in seconds]
    named += [set()] * (len(fits) - len(named))
    return tuple(
        {groups[row] for row in fit.rows} == name for fit, name in zip(fits, named, strict=True)
    )


def calibrate_components(
    index: CurveIndex,
    groups: npt.ArrayLike,
    calibration: Calibration,
    *,
    most_queries: int = 200,
) -> Calibration:
    """Return a calibration that also knows what pure, known substances leave unexplained.

    Every row of a substance with another row is explained without itself. The limits are the
    conformal quantiles at the calibration's α; where replicates are too few they stay None, and
    the residual gate and *mixture* stay shut.

    Parameters
    ----------
    index : CurveIndex
    groups : array, shape (n_rows,)
    calibration : Calibration
    most_queries : int
        Replicates asked at most, spread evenly.
    """
    labels = np.asarray(groups)
    _, code, counts = np.unique(labels, return_inverse=True, return_counts=True)
    rows = np.flatnonzero(counts[code] > 1)
    if rows.size > most_queries:
        rows = rows[np.linspace(0, rows.size - 1, most_queries).round().astype(np.int64)]
    residuals, gains = [], []
    for row in rows:
        try:
            found = explain(index, index.curve(int(row)), labels, without=[int(row)])
        except SpectrumError:
            continue  # a flat or nearly empty reference teaches nothing
        if found.fits:
            residuals.append(found.residual)
            gains.append(found.gain(2))
    return replace(
        calibration,
        residual_limit=calibrate(residuals, calibration.alpha).threshold,
        gain_limit=calibrate(gains, calibration.alpha).threshold,
    )
