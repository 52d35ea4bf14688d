"""Whether two references together explain a mass spectrum that neither explains alone.

Intensities of two substances that leave the column together add up, so the test is a least-squares
fit with shares that are not negative. Pure; knows no libraries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spectra.axis import FloatArray
from spectra.mass_scores import UnitSpectrum

_N_MZ = 1001
# High masses tell more and are smaller; the fit stays linear in the shares.
_MASS_POWER = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class PairFit:
    """The best fit of two references.

    Parameters
    ----------
    rows : tuple of int
        Which two, the larger share first.
    shares : tuple of float
        Of the explained signal, together 1.
    explained : float
        Share of the weighted square of the spectrum that the two explain, 0 to 1.
    alone : float
        The same for the best single reference.
    """

    rows: tuple[int, int]
    shares: tuple[float, float]
    explained: float
    alone: float


def best_pair(query: UnitSpectrum, references: Sequence[UnitSpectrum]) -> PairFit | None:
    """Return the pair of references that explains most of a spectrum, None below two references.

    Parameters
    ----------
    query : UnitSpectrum
    references : sequence of UnitSpectrum
        Few: every pair is tried.
    """
    if len(references) < 2 or not query.mz.size:
        return None
    q = _dense(query)
    rows = np.stack([_dense(each) for each in references])
    norm = float(q @ q)
    gram, onto = rows @ rows.T, rows @ q
    own = np.maximum(np.diag(gram), 1e-12)
    singles = np.maximum(onto, 0.0) ** 2 / own / norm
    first, second = np.triu_indices(len(references), k=1)
    cross = gram[first, second]
    det = own[first] * own[second] - cross**2
    safe = np.where(det > 1e-9 * own[first] * own[second], det, np.inf)
    a = (onto[first] * own[second] - onto[second] * cross) / safe
    b = (onto[second] * own[first] - onto[first] * cross) / safe
    both = (a > 0) & (b > 0)
    explained = np.where(both, (a * onto[first] + b * onto[second]) / norm, 0.0)
    best = int(np.argmax(explained))
    if explained[best] <= singles.max():
        # No second share is above zero: the best reference alone, and whichever stands beside it.
        alone = int(np.argmax(singles))
        fit = min(float(singles[alone]), 1.0)
        beside = 0 if alone else 1
        return PairFit(rows=(alone, beside), shares=(1.0, 0.0), explained=fit, alone=fit)
    pair = int(first[best]), int(second[best])
    signal = np.array([a[best] * rows[pair[0]].sum(), b[best] * rows[pair[1]].sum()])
    shares = signal / signal.sum()
    if shares[1] > shares[0]:
        pair, shares = pair[::-1], shares[::-1]
    return PairFit(
        rows=pair,
        shares=(float(shares[0]), float(shares[1])),
        explained=min(float(explained[best]), 1.0),
        alone=min(float(singles.max()), 1.0),
    )


def _dense(spectrum: UnitSpectrum) -> FloatArray:
    dense = np.zeros(_N_MZ)
    dense[spectrum.mz] = spectrum.intensity * spectrum.mz.astype(np.float64) ** _MASS_POWER
    return dense
