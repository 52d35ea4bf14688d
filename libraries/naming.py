"""What a group of replicate references is called in hit lists, and which class it belongs to.

Brings the sources' names and classes to those of the substances table where it knows them, so that
two libraries and the hazard policy speak of one substance by one name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

from libraries import harmonise, names, substances
from libraries.entry import EntryDraft
from libraries.substances import Substance

# Classes as published drug spectra label them -> the one spelling of the substances table. In
# those collections "cannabinoid" means the synthetic ones; the plant's own are in the table.
_CLASSES = {
    "cathinone": "synthetic cathinone",
    "cannabinoid": "synthetic cannabinoid",
    "phenethylamine": "phenethylamine/amphetamine",
    "morphinan": "opiate/opioid",
    "benzodiazepine": "benzodiazepine",
    "other": "",
}


HEAVIER = "heavier"
"""Marks the group of a spectrum that is heavier than the molecule it is filed under."""


@lru_cache(maxsize=262_144)
def known(name: str) -> Substance | None:
    """Return the substance whose name or synonym this is, salt words apart, or None.

    Stricter than a person's search: "fentanyl (ortho-methyl)" is not fentanyl, and a derivative or
    a labelled standard is not its parent.
    """
    if harmonise.variant(name):
        return None
    bare = harmonise.without_salt(name)
    found = substances.table().find(bare)
    if found is None:
        return None
    # A note in brackets or a last word that may be part of an ester's name must be in the table.
    if bare.endswith(")") or names.salt_form(bare):
        spelled = {names.key(each) for each in (found.name, *found.synonyms)}
        return found if names.key(bare) in spelled else None
    return found


def inchikey_of(name: str) -> str:
    """Return the InChIKey of a name the table knows, else an empty text."""
    found = known(name)
    return found.inchikey if found else ""


def substance_of(draft: EntryDraft) -> Substance | None:
    """Return the table's substance of a draft: by name, else by connection table; or None."""
    who = draft.identity
    if harmonise.variant(who.name) or is_heavier(who.group):
        return None
    by_name = known(who.name)
    if by_name is not None or not who.inchikey:
        return by_name
    return substances.table().by_inchikey(who.inchikey)


def is_heavier(group: str) -> bool:
    """Return whether a group holds a derivative that its source files as the parent."""
    return f"+{HEAVIER}:" in group


def class_of(draft: EntryDraft) -> str:
    """Return the class of a draft in the table's spelling, or an empty text for none known."""
    found = substance_of(draft)
    if found is not None:
        return found.class_name
    stated = draft.identity.compound_class.strip().lower()
    return _CLASSES.get(stated, stated)


def substance_names(drafts: Iterable[EntryDraft]) -> dict[str, str]:
    """Return for each group the name it goes by: the table's, else the commonest in the sources.

    Equal counts are settled by length and alphabet, so the order of import changes nothing.
    """
    spoken: dict[str, Counter[str]] = {}
    listed: dict[str, set[str]] = {}
    for draft in drafts:
        who = draft.identity
        spoken.setdefault(who.group, Counter())[who.name] += 1
        found = substance_of(draft)
        if found is not None:
            listed.setdefault(who.group, set()).add(found.name)
    chosen = {
        group: min(counts.items(), key=lambda item: (-item[1], len(item[0]), item[0]))[0]
        for group, counts in spoken.items()
    }
    for group, known_names in listed.items():
        # Stereoisomers that the technique does not separate go by all their names.
        _, *more = group.split("+")
        chosen[group] = " ".join([" or ".join(sorted(known_names)[:3]), *more])
    for group in chosen:
        if is_heavier(group):
            chosen[group] += " (a derivative, not the substance itself)"
    return chosen
