"""Hits that are another form of a substance: its deuterated standard, its derivative, or back.

Only where an answer names nothing. Such a hit shows a chemist where to look; it takes no part in
the decision and says itself that it is not the substance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from libraries import candidates, naming
from libraries.answer import Hit, LibraryAnswer, Relation
from libraries.candidates import Place
from libraries.entry import Entry
from spectra import related
from spectra.decision import DecisionState
from spectra.related import Related, RelationKind
from spectra.spectrum import MassSpectrum

NAMING = frozenset((DecisionState.MATCH, DecisionState.MATCH_GROUP, DecisionState.MIXTURE))
"""Where a substance is named, the forms of others would only be in the way."""

_DERIVED = " (a derivative, not the substance itself)"


def told(
    answer: LibraryAnswer, places: Sequence[Place], spectrum: MassSpectrum, top: int
) -> LibraryAnswer:
    """Return an answer with related forms among its hits, and a reason that says what they are.

    Parameters
    ----------
    answer : LibraryAnswer
        Of an electron-impact spectrum; returned as it is where it names something.
    places : sequence of (Library, SectionIndex)
    spectrum : MassSpectrum
    top : int
        Length of the hit list.

    Raises
    ------
    LibraryError
        A reference does not match its hash.
    """
    if answer.decision.state in NAMING:
        return answer
    found = _found(places, spectrum, {hit.group for hit in answer.hits[:1]})
    if not found:
        return answer
    order = related.mixed(
        [hit.hqi for hit in answer.hits], [each.worth for each, _ in found], max(top, 0)
    )
    hits = [found[at][1] if is_form else answer.hits[at] for is_form, at in order]
    ranked = tuple(replace(hit, rank=rank) for rank, hit in enumerate(hits, start=1))
    forms = [hit for hit in ranked if hit.relation is not None]
    if not forms:
        return answer
    said = "; ".join(f"{hit.rank}, {hit.substance}" for hit in forms)
    reason = f"another form of a substance, which names nothing: hit {said}"
    decided = replace(answer.decision, reasons=(*answer.decision.reasons, reason))
    return replace(answer, hits=ranked, decision=decided)


def _found(
    places: Sequence[Place], spectrum: MassSpectrum, without: set[str]
) -> list[tuple[Related, Hit]]:
    """Return the best related forms of all libraries, each substance once."""
    every: list[tuple[Related, Place]] = []
    for place in places:
        index = place[1]
        if index.peaks is not None and index.forms is not None:
            every += [(r, place) for r in related.of_query(index.peaks, index.forms, spectrum)]
    every.sort(key=lambda each: (-round(each[0].worth, 12), each[1][0].name, each[0].row))
    seen = {_core(group) for group in without}
    kept: list[tuple[Related, Hit]] = []
    for each, place in every:
        if len(kept) == related.MOST:
            break
        entry = candidates.entry_of(place, each.row)
        core = _core(entry.draft.identity.group)
        if core not in seen:
            seen.add(core)
            kept.append((each, _hit(each, entry, place)))
    return kept


def _core(group: str) -> str:
    """Return what a substance and its forms share of their group."""
    return group.split("+")[0]


def _hit(each: Related, entry: Entry, place: Place) -> Hit:
    library, index = place
    who = entry.draft.identity
    relation = _relation(each, entry)
    return Hit(
        rank=0,
        name=relation.text,
        substance=relation.text,
        group=f"{who.group}+{each.kind.value}",
        inchikey=who.inchikey,
        formula=who.formula,
        molecular_mass=who.molecular_mass,
        compound_class=index.class_names[int(index.classes[each.row])],
        library=library.name,
        library_version=library.version,
        entry=entry.id,
        licence=entry.draft.provenance.licence,
        training=library.header.training,
        hqi=each.score,
        measures={"hybrid": each.score, "mass_shift": float(each.mass_shift)},
        relation=relation,
    )


def _relation(each: Related, entry: Entry) -> Relation:
    substance = entry.substance.removesuffix(_DERIVED)
    return Relation(
        kind=each.kind.value,
        substance=substance,
        groups=each.groups,
        mass_shift=each.mass_shift,
        text=_words(each, substance, filed=naming.is_heavier(entry.draft.identity.group)),
    )


def _words(each: Related, substance: str, *, filed: bool) -> str:
    """Return what the query would be, in words that no one takes for the substance itself."""
    group = f"{each.kind.value} derivative"
    if each.mass_shift > 0:
        if each.kind is RelationKind.DEUTERATED:
            return f"{substance}, deuterated (d{each.groups})"
        many = f" ({each.groups} groups)" if each.groups > 1 else ""
        return f"{substance}, as its {group}{many}"
    if each.kind is RelationKind.DEUTERATED:
        return f"{substance}, without its deuterium"
    if filed:
        return f"{substance}, by a heavier derivative filed under it"
    return f"{substance}, without its {each.kind.value} groups"
