"""Mass spectra that are heavier than the molecule they are filed under: unnamed derivatives.

Collections file trimethylsilyl and acetyl derivatives under the parent's name, formula and
InChIKey. The spectrum tells: nothing of a molecule is heavier than the molecule.
"""

from __future__ import annotations

import re

import numpy as np

from spectra.axis import FloatArray

# The share of the base peak from which an ion above the molecule counts. Of 2,593 spectra of two
# drug collections that name their derivatives none without a name reaches it.
_LEAST_SHARE = 0.05
# 13C twice and a proton: beyond it only chlorine and bromine make molecules heavier, by two each.
_ISOTOPES = 3
_HEAVY_ISOTOPES = re.compile(r"(?:Cl|Br)(\d*)")
# Siloxane ions of the column and the septum, which stand above small molecules in old spectra.
_BLEED = (207, 208, 209, 221, 253, 267, 281, 282, 283, 327, 341, 355, 356, 357, 401, 405, 429)
# One trimethylsilyl group in place of a hydrogen.
_TRIMETHYLSILYL = 72.0


def heavier_by(
    mz: FloatArray, intensity: FloatArray, molecular_mass: float | None, formula: str
) -> int:
    """Return by about how many trimethylsilyl groups a spectrum is heavier than its molecule.

    Parameters
    ----------
    mz, intensity : ndarray of float, shape (n_peaks,)
    molecular_mass : float or None
        In Da, of the molecule the source names; None where it is not known.
    formula : str
        Hill order; its chlorine and bromine widen the isotope pattern.

    Returns
    -------
    int
        0 when nothing stands above the molecule; at least 1 when something does. The number keeps
        derivatives of one parent with one, two or three groups apart; it names none of them.
    """
    if molecular_mass is None or not mz.size:
        return 0
    # The integer nearest the mass may be one off for many hydrogens: the margin covers it.
    counts = (int(found[1] or 1) for found in _HEAVY_ISOTOPES.finditer(formula))
    highest = round(molecular_mass) + _ISOTOPES + 2 * sum(counts)
    strong = (mz > highest + 0.5) & (intensity >= _LEAST_SHARE * float(intensity.max()))
    if not strong.any():
        return 0
    whole = np.floor(mz[strong] + 0.5).astype(np.int64)
    own = whole[~np.isin(whole, _BLEED)]
    if not own.size:
        return 0
    return max(round((int(own.max()) - molecular_mass) / _TRIMETHYLSILYL), 1)
