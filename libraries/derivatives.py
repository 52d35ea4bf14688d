"""Which form of a substance a mass spectrum is of: itself, a labelled standard, a derivative.

Collections file trimethylsilyl and acetyl derivatives under the parent's name, formula and
InChIKey. The name tells, or the spectrum does: nothing of a molecule is heavier than the molecule.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from libraries import harmonise
from libraries.entry import EntryDraft
from spectra.axis import FloatArray
from spectra.related import CHANGES, Forms, RelationKind

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What an entry's spectrum is a form of.

    Parameters
    ----------
    kind : RelationKind or None
        None for the substance itself.
    parent : int
        Nominal mass of the substance itself in Da, 0 where not known.
    shift : int
        Da by which the form is heavier, 0 where not known.
    reacts : bool
        Whether a derivative of it can be made, as far as the formula tells.
    """

    kind: RelationKind | None = None
    parent: int = 0
    shift: int = 0
    reacts: bool = False


_HEAVIER_MARK = re.compile(r"\+heavier:(\d{1,2})$")
_FILED = re.compile(r"(?:^|; )filed (formula|mass)=([^;]+)")
_ATOM = re.compile(r"([A-Z][a-z]?)(\d*)")
_DEUTERIUMS = re.compile(r"^label:d(\d{1,2})$")
# The words by which sources name a derivative, as `harmonise.variant` spells them.
_NAMED = (
    (re.compile(r"tbdms"), RelationKind.TERT_BUTYLDIMETHYLSILYL),
    (re.compile(r"tms|trimethylsilyl|silylat"), RelationKind.TRIMETHYLSILYL),
    (re.compile(r"hfba|heptafluorobutyr"), RelationKind.HEPTAFLUOROBUTYRYL),
    (re.compile(r"pfpa?|pentafluoropropion"), RelationKind.PENTAFLUOROPROPIONYL),
    (re.compile(r"tfa|trifluoroacet"), RelationKind.TRIFLUOROACETYL),
    (re.compile(r"^derivative:\d?ac$|acetylat"), RelationKind.ACETYL),
)
_COUNTED = re.compile(r"^derivative:(bis|di|tri|\d{1,2})")
_COUNTS = {"bis": 2, "di": 2, "tri": 3}


def form_of(draft: EntryDraft) -> Form:
    """Return what form of its substance a mass spectrum is of."""
    who = draft.identity
    filed = dict(_FILED.findall(draft.provenance.notes))
    formula = who.formula or filed.get("formula", "")
    atoms = _atoms(formula)
    parent = _nominal(atoms)
    if not parent:
        stated = who.molecular_mass or harmonise.number(filed.get("mass", ""))
        parent = round(stated) if stated is not None and stated < 1e4 else 0
    heavier = _HEAVIER_MARK.search(who.group)
    if heavier:
        shift = 72 * int(heavier[1])
        return Form(kind=RelationKind.TRIMETHYLSILYL, parent=parent, shift=shift)
    variant = harmonise.variant(who.name)
    labelled = atoms.get("D", 0)
    if variant.startswith("label:") or (labelled and not variant):
        return _labelled(variant, labelled, parent)
    if variant:
        return _named(draft, variant, atoms, parent)
    return Form(parent=parent, reacts=_reacts(atoms))


def forms_of(drafts: Sequence[EntryDraft]) -> Forms:
    """Return the forms of mass spectra in order, as an index keeps them."""
    found = [form_of(each) for each in drafts]
    kinds = tuple(RelationKind)
    return Forms(
        kinds=np.array([-1 if f.kind is None else kinds.index(f.kind) for f in found], np.int8),
        parents=np.array([min(f.parent, 10_000) for f in found], dtype=np.int16),
        shifts=np.array([f.shift for f in found], dtype=np.int16),
        reacts=np.array([f.reacts for f in found], dtype=np.bool_),
    )


def _labelled(variant: str, in_formula: int, parent: int) -> Form:
    """Return the form of a labelled standard; a formula with D is its own, not the parent's."""
    if in_formula:
        return Form(kind=RelationKind.DEUTERATED, parent=parent - in_formula, shift=in_formula)
    named = _DEUTERIUMS.match(variant)
    if named:
        return Form(kind=RelationKind.DEUTERATED, parent=parent, shift=int(named[1]))
    return Form(kind=RelationKind.OTHER, parent=parent)


def _named(draft: EntryDraft, variant: str, atoms: dict[str, int], parent: int) -> Form:
    """Return the form of a derivative that says so; how many groups, its name or silicon tells."""
    kind = next((kind for word, kind in _NAMED if word.search(variant)), RelationKind.OTHER)
    if kind is RelationKind.OTHER:
        return Form(kind=kind, parent=parent)
    mass = CHANGES[kind].mass
    counted = _COUNTED.match(variant)
    groups = int(_COUNTS.get(counted[1], 0) or counted[1]) if counted else 0
    silicon = atoms.get("Si", 0)
    is_silyl = kind in (RelationKind.TRIMETHYLSILYL, RelationKind.TERT_BUTYLDIMETHYLSILYL)
    if is_silyl and silicon:
        # The formula is that of the derivative: each group brought one silicon.
        groups = groups or silicon
        return Form(kind=kind, parent=max(parent - groups * mass, 0), shift=groups * mass)
    above = heavier_by(draft.x, draft.y, float(parent) if parent else None, draft.identity.formula)
    if not above:
        # Nothing stands above it: the mass may be the derivative's own, so the shift is not known.
        return Form(kind=kind, parent=0)
    return Form(kind=kind, parent=parent, shift=(groups or 1) * mass)


def _atoms(formula: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for element, count in _ATOM.findall(formula):
        found[element] = found.get(element, 0) + int(count or 1)
    return found


def _nominal(atoms: dict[str, int]) -> int:
    """Return the nominal mass of a formula, 0 where it has an element whose mass is not known."""
    masses = [(harmonise.monoisotopic_mass(element), n) for element, n in atoms.items()]
    if not masses or any(mass is None for mass, _ in masses):
        return 0
    return sum(round(mass or 0.0) * n for mass, n in masses)


def _reacts(atoms: dict[str, int]) -> bool:
    hetero = any(atoms.get(element) for element in ("N", "O", "S"))
    return hetero and bool(atoms.get("H")) and not atoms.get("Si")
