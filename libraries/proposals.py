"""Structures that would explain an unidentified spectrum: proposed, never identified.

Known relatives are changed by the dictionary of `libraries.proposal_edits` until they have the mass
of the unknown; what comes out is ranked by how well it explains the ions (`spectra.change_site`),
then by how ordinary the change is. A proposal has no name. RDKit is imported only when asked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from libraries import change_parts, fragment_fit, proposal_edits, structure
from libraries.errors import LibraryError
from libraries.proposal_edits import Edit
from libraries.site_rules import ClassSites, site_rules
from spectra.change_site import agreement, found_ions
from spectra.mass_scores import UnitSpectrum

if TYPE_CHECKING:
    from rdkit.Chem import Mol

MARK = "proposed, not identified"
TOP = 20
# Work is bounded by counts, not by a clock, so that the same question has the same answer.
MOST_CANDIDATES = 500
_MOST_TRIED = 12_000
_MOST_RELATIVES = 5
_MOST_ATOMS = 60
# Of two edits each may be rare, but not both together.
_MOST_RARE = 4
# How much one grade of rarity, a second edit and a lower place among the relatives cost, in the
# units of the ions' log-likelihood.
_COST_OF_RARITY = 1.0
_COST_OF_EDIT = 3.0
_COST_OF_DISTANCE = 12.0
_WORTH_OF_FRAGMENTS = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Relative:
    """A known substance the unknown is like: its structure, and how like, 0 to 1."""

    name: str
    smiles: str
    score: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProposalQuestion:
    """What proposals are made for.

    Parameters
    ----------
    class_name : str
        Of the candidate.
    spectrum : UnitSpectrum
    mass : int
        Nominal molecular mass of the unknown in Da.
    relatives : sequence of Relative
        Nearest first; they are never proposed themselves.
    """

    class_name: str
    spectrum: UnitSpectrum
    mass: int
    relatives: Sequence[Relative]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One structure that would explain the spectrum.

    Parameters
    ----------
    rank : int
    smiles, formula, inchikey : str
    edits : tuple of str
        The changes in words, and ``made_from`` the known substance they start from.
    site : str
        How it differs from the parent of its class, site by site; empty where that is not known.
    ions : tuple of str
        Ions of the class that it predicts and the spectrum shows.
    agreement : float
        Log-likelihood ratio of those ions against chance.
    fragments : float
        Share of the spectrum that its single cleavages explain, 0 to 1.
    mark : str
        Always ``proposed, not identified``.
    """

    rank: int
    smiles: str
    formula: str
    inchikey: str
    made_from: str
    edits: tuple[str, ...]
    site: str
    ions: tuple[str, ...]
    agreement: float
    fragments: float
    mark: str = MARK


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposals:
    """All that was found, and how far the search went.

    ``reason`` says why there is nothing; ``complete`` is False where the work ended at its limit.
    """

    proposals: tuple[Proposal, ...]
    candidates: int
    tried: int
    complete: bool = True
    reason: str = ""


@dataclass(slots=True)
class _Work:
    """How much was done, and who may end it."""

    progress: Callable[[int, int], None]
    is_cancelled: Callable[[], bool]
    tried: int = 0
    stopped: bool = False

    def goes_on(self) -> bool:
        """Count one molecule made; False where the limit or the person ends it."""
        self.tried += 1
        if self.tried % 64 == 0:
            self.progress(min(self.tried, _MOST_TRIED), _MOST_TRIED)
            self.stopped = self.stopped or self.is_cancelled()
        if self.tried >= _MOST_TRIED:
            self.stopped = True
        return not self.stopped


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    molecule: Mol
    smiles: str
    mass: int
    edits: tuple[Edit, ...]

    @property
    def rarity(self) -> int:
        return sum(edit.ordinary for edit in self.edits)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    made: _Made
    relative: Relative
    agreement: float
    fragments: float
    merit: float
    changes: dict[int, int] = field(default_factory=dict)


def _quiet(_done: int, _of: int) -> None:
    """Take note of nothing."""


def propose(
    question: ProposalQuestion,
    *,
    top: int = TOP,
    progress: Callable[[int, int], None] = _quiet,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> Proposals:
    """Return structures of the unknown's mass made from known relatives, the likeliest first.

    Parameters
    ----------
    question : ProposalQuestion
    top : int
        How many at most.
    progress : callable
        Told how many molecules were made, of how many at most.
    is_cancelled : callable
        Asked between molecules; True ends the search with what there is.

    Raises
    ------
    LibraryError
        The dictionary of edits is damaged.
    """
    work = _Work(progress=progress, is_cancelled=is_cancelled)
    relatives = list(_readable(question.relatives))
    if not relatives:
        reason = "no structure is known for the nearest entries"
        return Proposals(proposals=(), candidates=0, tried=0, reason=reason)
    found = _candidates(relatives, question.mass, work)
    rules = site_rules().of_class(question.class_name)
    best = question.relatives[0].score
    judged = [_judge(*each, question, rules, best) for each in found.values()]
    judged.sort(key=lambda each: (-round(each.merit, 6), each.made.rarity, each.made.smiles))
    proposals = tuple(_listed(judged, question, rules, top))
    reason = "" if proposals else "no listed change of the nearest entries makes this mass"
    return Proposals(
        proposals=proposals,
        candidates=len(found),
        tried=work.tried,
        complete=not work.stopped and len(found) < MOST_CANDIDATES,
        reason=reason,
    )


def _readable(relatives: Sequence[Relative]) -> Iterator[tuple[Relative, Mol, str]]:
    """Yield the relatives whose structure can be read, without stereochemistry or labels."""
    from rdkit import Chem

    seen: set[str] = set()
    for relative in relatives:
        if len(seen) == _MOST_RELATIVES or not relative.smiles:
            continue
        try:
            molecule = structure.parts(relative.smiles)[0]
        except LibraryError:
            continue
        Chem.RemoveStereochemistry(molecule)
        smiles = Chem.MolToSmiles(molecule)
        if smiles in seen or molecule.GetNumHeavyAtoms() > _MOST_ATOMS:
            continue
        seen.add(smiles)
        # From its own text: what the disconnector leaves behind must not reach the products.
        yield relative, Chem.MolFromSmiles(smiles), smiles


def _candidates(
    relatives: Sequence[tuple[Relative, Mol, str]], mass: int, work: _Work
) -> dict[str, tuple[_Made, Relative]]:
    """Return every molecule of a mass by its SMILES: one edit of each relative, then two."""
    known = {smiles for _, _, smiles in relatives}
    found: dict[str, tuple[_Made, Relative]] = {}
    once = [
        (relative, molecule, list(_edited(molecule, (), proposal_edits.edits(), work)))
        for relative, molecule, _ in relatives
    ]
    for relative, _, made in once:
        _keep(found, (each for each in made if each.mass == mass), relative, known)
    for relative, molecule, made in once:
        _keep(found, _twice(molecule, made, mass, work), relative, known)
    return found


def _keep(
    found: dict[str, tuple[_Made, Relative]],
    making: Iterable[_Made],
    relative: Relative,
    known: set[str],
) -> None:
    """Take molecules in, each by the shortest and most ordinary way that leads to it."""
    for made in making:
        held = found.get(made.smiles)
        if held is not None and (len(held[0].edits), held[0].rarity) <= (
            len(made.edits),
            made.rarity,
        ):
            continue
        if held is None and (
            len(found) >= MOST_CANDIDATES
            or made.smiles in known
            or proposal_edits.falls_apart(made.molecule)
        ):
            continue
        found[made.smiles] = made, relative


def _twice(molecule: Mol, once: Sequence[_Made], mass: int, work: _Work) -> Iterator[_Made]:
    """Yield what a second edit makes of once edited molecules to reach a mass."""
    own = change_parts.nominal_mass(molecule)
    by_shift: dict[int, dict[Edit, None]] = defaultdict(dict)
    for made in once:
        by_shift[made.mass - own].setdefault(made.edits[0])
    for made in once:
        wanted = by_shift.get(mass - made.mass)
        if made.mass == own or wanted is None or work.stopped:
            continue
        second = [edit for edit in wanted if edit.ordinary + made.rarity <= _MOST_RARE]
        yield from _edited(made.molecule, made.edits, second, work, mass)


def _edited(
    molecule: Mol,
    before: tuple[Edit, ...],
    edits: Iterable[Edit],
    work: _Work,
    wanted: int | None = None,
) -> Iterator[_Made]:
    """Yield the different molecules that edits make, each by its most ordinary edit.

    Only those of the mass ``wanted`` where it is given.
    """
    from rdkit import Chem

    seen: set[str] = set()
    for edit in edits:
        for product in proposal_edits.apply(edit, molecule):
            if not work.goes_on():
                return
            mass = change_parts.nominal_mass(product)
            if wanted not in (None, mass):
                continue
            smiles = Chem.MolToSmiles(product)
            if smiles not in seen and "." not in smiles:
                seen.add(smiles)
                yield _Made(molecule=product, smiles=smiles, mass=mass, edits=(*before, edit))


def _judge(
    made: _Made,
    relative: Relative,
    question: ProposalQuestion,
    rules: ClassSites | None,
    best: float,
) -> _Judged:
    changes = None if rules is None else change_parts.changes_of(rules.core, made.molecule)
    agreed = 0.0
    if rules is not None and changes is not None:
        agreed = agreement(rules.rule, question.spectrum, changes)
    fragments = fragment_fit.explained(made.molecule, question.spectrum)
    merit = (
        agreed
        + _WORTH_OF_FRAGMENTS * fragments
        - _COST_OF_RARITY * (made.rarity - len(made.edits))
        - _COST_OF_EDIT * (len(made.edits) - 1)
        - _COST_OF_DISTANCE * (best - relative.score)
    )
    return _Judged(
        made=made,
        relative=relative,
        agreement=agreed,
        fragments=fragments,
        merit=merit,
        changes=changes or {},
    )


def _listed(
    judged: Sequence[_Judged], question: ProposalQuestion, rules: ClassSites | None, top: int
) -> Iterator[Proposal]:
    """Yield the first ones, one for each InChIKey."""
    seen: set[str] = set()
    for each in judged:
        if len(seen) >= top:
            return
        key = structure.inchikey(each.made.molecule)
        if not key or key in seen:
            continue
        seen.add(key)
        yield Proposal(
            rank=len(seen),
            smiles=each.made.smiles,
            formula=structure.formula(each.made.molecule),
            inchikey=key,
            made_from=each.relative.name,
            edits=tuple(edit.text for edit in each.made.edits),
            site=_site_words(rules, each.changes),
            ions=_ion_words(rules, question.spectrum, each.changes),
            agreement=round(each.agreement, 3),
            fragments=round(each.fragments, 3),
        )


def _site_words(rules: ClassSites | None, changes: dict[int, int]) -> str:
    if rules is None or not changes:
        return ""
    words = tuple(site.words for site in rules.rule.sites)
    return f"{change_parts.words_of(words, changes)}, against {rules.rule.parent}"


def _ion_words(
    rules: ClassSites | None, spectrum: UnitSpectrum, changes: dict[int, int]
) -> tuple[str, ...]:
    if rules is None:
        return ()
    return tuple(f"{mz} {words}" for mz, words in found_ions(rules.rule, spectrum, changes))
