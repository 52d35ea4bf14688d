"""What a search gives back, as data: ranked substances, the decision, and what the query was worth.

Shapes only. The words of a headline and the notice of a hazard are made by the record's side.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from libraries.entry import Section
from spectra.decision import Decision
from spectra.quality import Quality


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """How a hit is another form of a substance, and not the substance itself.

    Parameters
    ----------
    kind : str
        ``deuterated`` or the group of a derivative (`spectra.related.RelationKind`).
    substance : str
        What the library entry goes by.
    groups : int
        Deuterium atoms or groups; 0 where not known.
    mass_shift : int
        Da by which the query is heavier than the entry; below 0 the entry is the heavier form.
    text : str
        What the query would be, in words.
    """

    kind: str
    substance: str
    groups: int
    mass_shift: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One substance of a hit list: its best reference and how well that fits.

    Parameters
    ----------
    rank : int
        From 1.
    name : str
        As the source writes it.
    substance : str
        What the group of replicates goes by. It is a hit, never by itself an identification.
    group : str
        Key shared by the same substance in other libraries.
    hqi : float
        Hit quality index, 0 to 1, 1 best: the first-derivative correlation of curves (below zero
        shown as 0), the weighted match factor of mass spectra.
    measures : mapping of str to float
        ``shift_cm1``, ``overlap``, ``second_score`` for curves; ``matched_peaks``, ``mass_shift``
        for mass spectra; ``replicates`` of the substance among the rows looked at;
        ``retention_index`` and ``retention_index_difference`` (measured less stated) where both
        are known for one phase class.
    relation : Relation or None
        Where the query would be another form of the entry's substance: ``name`` and ``substance``
        then say so, and nothing shows the entry's name alone.
    """

    rank: int
    name: str
    substance: str
    group: str
    inchikey: str
    formula: str
    molecular_mass: float | None
    compound_class: str
    library: str
    library_version: str
    entry: str
    licence: str
    training: bool
    hqi: float
    measures: Mapping[str, float] = field(default_factory=dict)
    relation: Relation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryAnswer:
    """What one or more libraries say of one spectrum.

    Parameters
    ----------
    section : Section or None
        What it was compared as; None when it could not be compared.
    quality : Quality or None
        Of the query; None for mass spectra that were not judged.
    steps : tuple of str
        What was done to the query, in words.
    decision : Decision
    hits : tuple of Hit
        By substance, best first. Never empty because of a threshold: the list is for the person,
        the decision is what may be said.
    analogue : mapping or None
        Class, evidence and counter-evidence where the answer is a candidate or a class.
    mixture : mapping or None
    libraries : tuple of str
        ``name version`` of every library that holds this technique and was searched.
    """

    section: Section | None
    quality: Quality | None
    steps: tuple[str, ...]
    decision: Decision
    hits: tuple[Hit, ...]
    analogue: Mapping[str, object] | None = None
    mixture: Mapping[str, object] | None = None
    libraries: tuple[str, ...] = ()
