"""Proposed structures on held-out drugs: the compound hidden, its nearest known relatives given.

Every spectrum of the compound is hidden from the collection; the hybrid search finds the nearest
compounds of its class; their structures are changed until they have its mass. Counted: how often
the true structure is among the first 1, 5 and 20 proposals. *One change away* means that the true
structure and one of the relatives given differ by the group at one bond (a matched molecular pair
that shares three fifths of its atoms), which is settled without the dictionary of edits.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from instruments import read
from libraries import change_parts, structure
from libraries.errors import LibraryError
from libraries.proposals import ProposalQuestion, Relative, propose
from libraries.site_rules import ClassSites, site_rules
from spectra.change_site import Certainty, read_site
from spectra.mass_scores import UnitSpectrum
from spectra.peak_index import PeakIndex
from spectra.peak_table import unit_query
from spectra.spectrum import MassSpectrum

FILES = ("ei_swgdrug_dev.msp", "ei_nist_fentanyl_dev.msp", "ei_massbank_drugs_dev.msp")
PER_CLASS = 30
RELATIVES = 5
_ROWS = 160
_SHARED = 0.6
_LABELLED = re.compile(r"-d\d+\b|\bTMS\b|trimethylsilyl", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drug:
    """One spectrum of a drug whose structure is known and fits its mass."""

    name: str
    compound: str
    smiles: str
    class_name: str
    mass: int
    spectrum: MassSpectrum


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """The rank of the true structure among the proposals, 0 for not there."""

    class_name: str
    name: str
    rank: int
    listed: int
    one_change: bool
    same_formula_first: bool
    tried: int


def load(data: Path) -> list[Drug]:
    """Return the spectra of drugs with a structure of the spectrum's own mass."""
    found = []
    for file in FILES:
        for spectrum in read(data / "ms" / file).spectra:
            assert isinstance(spectrum, MassSpectrum)
            fields = {key.lower(): value for key, value in spectrum.metadata.items()}
            rules = site_rules().of_class(fields.get("compoundclass", ""))
            smiles = fields.get("smiles", "")
            if rules is None or not smiles or _LABELLED.search(spectrum.title):
                continue
            try:
                molecule = structure.parts(smiles)[0]
            except LibraryError:
                continue
            mass = change_parts.nominal_mass(molecule)
            # A salt's, a derivative's or a labelled standard's spectrum is not that of this mass.
            if not mass or unit_query(spectrum).mz[-1] > mass + 3:
                continue
            found.append(
                Drug(
                    name=spectrum.title,
                    compound=structure.inchikey(molecule)[:14],
                    smiles=smiles,
                    class_name=rules.rule.class_name,
                    mass=mass,
                    spectrum=spectrum,
                )
            )
    return found


def trials(data: Path, per_class: int = PER_CLASS) -> list[Trial]:
    """Return one trial for each held-out compound, evenly taken from each class."""
    drugs = load(data)
    masses = [float(drug.mass) for drug in drugs]
    index = PeakIndex.build([drug.spectrum for drug in drugs], masses)
    return [_trial(drugs, index, drugs[at]) for at in chosen(drugs, per_class)]


def chosen(drugs: Sequence[Drug], per_class: int) -> Iterator[int]:
    """Yield one row of each of so many compounds of each class, spread over the list."""
    for name in dict.fromkeys(drug.class_name for drug in drugs):
        first: dict[str, int] = {}
        for row, drug in enumerate(drugs):
            if drug.class_name == name:
                first.setdefault(drug.compound, row)
        rows = list(first.values())
        yield from (
            rows[int(at)] for at in np.linspace(0, len(rows) - 1, min(per_class, len(rows)))
        )


def _trial(drugs: Sequence[Drug], index: PeakIndex, drug: Drug) -> Trial:
    relatives = _relatives(drugs, index, drug)
    question = ProposalQuestion(
        class_name=drug.class_name,
        spectrum=_whole(drug),
        mass=drug.mass,
        relatives=relatives,
    )
    found = propose(question)
    keys = [proposal.inchikey[:14] for proposal in found.proposals]
    formula = structure.formula(structure.parts(drug.smiles)[0])
    return Trial(
        class_name=drug.class_name,
        name=drug.name,
        rank=keys.index(drug.compound) + 1 if drug.compound in keys else 0,
        listed=len(keys),
        one_change=any(is_one_change(drug.smiles, each.smiles) for each in relatives),
        same_formula_first=bool(found.proposals) and found.proposals[0].formula == formula,
        tried=found.tried,
    )


def _whole(drug: Drug) -> UnitSpectrum:
    return unit_query(drug.spectrum)


def _relatives(drugs: Sequence[Drug], index: PeakIndex, drug: Drug) -> list[Relative]:
    hits = index.search(drug.spectrum, _ROWS, score="hybrid", query_mass=float(drug.mass))
    found: dict[str, Relative] = {}
    for row, score in zip(hits.rows, hits.scores, strict=True):
        other = drugs[int(row)]
        if other.compound != drug.compound and other.class_name == drug.class_name:
            relative = Relative(name=other.name, smiles=other.smiles, score=float(score))
            found.setdefault(other.compound, relative)
    return list(found.values())[:RELATIVES]


def is_one_change(smiles: str, other: str) -> bool:
    """Whether two structures differ by the group at one bond, by matched molecular pairs."""
    pair = _pieces(smiles), _pieces(other)
    shared = pair[0].keys() & pair[1].keys()
    size = max(max(each.values(), default=0) for each in pair)
    return any(min(pair[0][key], pair[1][key]) >= _SHARED * size for key in shared)


@cache
def _pieces(smiles: str) -> dict[str, int]:
    """Return what is left of a molecule when the group at one bond is gone, with its heavy atoms.

    Hydrogen counts as a group. Larger than it the whole molecule stands under its own text.
    """
    from rdkit import Chem

    molecule = structure.parts(smiles)[0]
    Chem.RemoveStereochemistry(molecule)
    molecule = Chem.MolFromSmiles(Chem.MolToSmiles(molecule))
    whole = molecule.GetNumHeavyAtoms()
    found = {}
    explicit = Chem.AddHs(molecule)
    for bond in explicit.GetBonds():
        if bond.IsInRing():
            continue
        cut = Chem.FragmentOnBonds(explicit, [bond.GetIdx()], dummyLabels=[(0, 0)])
        for part in Chem.GetMolFrags(cut, asMols=True):
            plain = Chem.RemoveHs(part)
            size = plain.GetNumHeavyAtoms() - 1
            if size >= _SHARED * whole:
                found[Chem.MolToSmiles(plain)] = size
    return found


def rows(data: Path) -> list[Sequence[str]]:
    """Return the table of the validation page: each class, then all, with Wilson intervals."""
    found = trials(data)
    head = ("class", "compounds", "first", "first 5", "first 20", "one change away", "first",
            "first 5", "first 20")  # fmt: skip
    names = list(dict.fromkeys(trial.class_name for trial in found))
    groups = [(name, [t for t in found if t.class_name == name]) for name in names]
    return [head, *(_row(name, group) for name, group in [*groups, ("all", found)])]


def _row(name: str, group: Sequence[Trial]) -> Sequence[str]:
    single = [trial for trial in group if trial.one_change]
    return (name, str(len(group)), *_shares(group), str(len(single)), *_shares(single))


def _shares(group: Sequence[Trial]) -> Iterator[str]:
    for most in (1, 5, 20):
        right = sum(0 < trial.rank <= most for trial in group)
        low, high = _wilson(right, len(group))
        share = right / len(group) if group else float("nan")
        yield f"{100 * share:.0f} % ({100 * low:.0f}–{100 * high:.0f})"


def _wilson(right: int, n: int) -> tuple[float, float]:
    if not n:
        return float("nan"), float("nan")
    p, z = right / n, 1.96
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return float(centre - half), float(centre + half)


def site_rows(data: Path) -> list[Sequence[str]]:
    """Return the table of sites: single changes put at their site, and how many surely wrong."""
    head = (
        "class",
        "single changes",
        "right",
        "of these sure",
        "wrong",
        "surely wrong",
        "not shown",
    )
    counts: dict[str, Counter[str]] = {}
    for drug in load(data):
        sites = site_rules().of_class(drug.class_name)
        assert sites is not None
        changes = change_parts.changes_of(sites.core, structure.parts(drug.smiles)[0])
        truth = _by_side(sites, changes or {})
        if changes is None or len(truth) != 1:
            continue
        found = read_site(sites.rule, _whole(drug), drug.mass, mass_is_measured=True)
        ((side, change),) = truth.items()
        is_right = [
            each.change_da == change and side in {site.id for site in each.sites}
            for each in found.changes
        ] == [True]
        word = "silent" if found.certainty is Certainty.NOT_SHOWN else f"{is_right}"
        counts.setdefault(drug.class_name, Counter())[word] += 1
        if found.certainty is Certainty.SURE:
            counts[drug.class_name][f"sure {is_right}"] += 1
    rows = []
    for name, count in counts.items():
        n = count["True"] + count["False"] + count["silent"]
        low, high = _wilson(count["True"], n)
        share = f"{100 * count['True'] / n:.0f} % ({100 * low:.0f}–{100 * high:.0f})"
        rest = (count["sure True"], count["False"], count["sure False"], count["silent"])
        rows.append((name, str(n), share, *map(str, rest)))
    return [head, *rows]


def _by_side(sites: ClassSites, changes: Mapping[int, int]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for at, change in changes.items():
        found[sites.rule.sites[at].side or sites.rule.sites[at].id] += change
    return {side: change for side, change in found.items() if change}
