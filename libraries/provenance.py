"""Where a reference spectrum comes from: file, checksum, licence, instrument, conditions, date."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from libraries import harmonise


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The file a spectrum was read from.

    Parameters
    ----------
    file : str
        Its name, or ``archive.zip!member``; never a path of the machine that imported it.
    sha256 : str
        Of the bytes that were read, hexadecimal.
    technique : str
        What the export says it is: ``raman``, ``ftir``, ``gcms``, ``ms`` ...
    """

    file: str
    sha256: str
    technique: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What stands behind one reference spectrum, in the source's own words."""

    file: str
    sha256: str
    accession: str = ""
    licence: str = ""
    instrument: str = ""
    conditions: str = ""
    notes: str = ""
    measured: str = ""
    """When it was measured, as the source writes it."""


# What a source may say about how the spectrum was acquired; kept as "key=value; ..." text.
_CONDITIONS = (
    "state",
    "sampling procedure",
    "resolution",
    "path length",
    "temperature",
    "pressure",
    "laser wavelength",
    "ion energy",
    "collision energy",
    "instrument type",
    "instrument parameters",
    "ion mode",
    "precursor type",
)
_NOTES = (
    "training",
    "locality",
    "description",
    "status",
    "url",
    "structure source",
    "class basis",
    "collection",
    "era",
    "contributor",
    "owner",
    "origin",
)
_LONGEST_TEXT = 2_000
_LONGEST_DATE = 60
_TRAINING = re.compile(r"(?:^|; )training=(?!no\b|false\b|0\b)", re.IGNORECASE)


def is_training(origin: Provenance) -> bool:
    """Return whether the source itself marks the spectrum as not for casework."""
    return bool(_TRAINING.search(origin.notes))


def describe(source: Source, facts: Mapping[str, str]) -> Provenance:
    """Return the provenance of one spectrum from its file and its metadata.

    Parameters
    ----------
    source : Source
    facts : mapping of str to str
        As `libraries.harmonise.facts` gives them.
    """
    return Provenance(
        file=source.file,
        sha256=source.sha256,
        accession=harmonise.pick(facts, harmonise.ACCESSION),
        licence=harmonise.pick(facts, harmonise.LICENCE),
        instrument=harmonise.pick(facts, harmonise.INSTRUMENT),
        conditions=_joined(facts, _CONDITIONS),
        notes=_joined(facts, _NOTES),
        measured=harmonise.pick(facts, harmonise.MEASURED)[:_LONGEST_DATE],
    )


def _joined(facts: Mapping[str, str], wanted: tuple[str, ...]) -> str:
    found = [f"{word}={value}" for word in wanted if (value := facts.get(harmonise.key(word), ""))]
    return "; ".join(found)[:_LONGEST_TEXT]
