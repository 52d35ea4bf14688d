"""Entries -> measurements that carry all that is known of them, to be written in an open format.

What is written reads back into a library with the same numbers, identity, licence and marks.
Knows no formats: `lims.library_export` brings these to the writers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from libraries import harmonise, retention
from libraries.entry import Entry
from spectra.retention import Phase
from spectra.spectrum import MassSpectrum, Spectrum

TRAINING = "not for casework"
_PHASES = {
    Phase.SEMI_STANDARD_NON_POLAR: "SemiStdNP",
    Phase.STANDARD_NON_POLAR: "StdNP",
    Phase.POLAR: "StdPolar",
}


def measurement_of(
    entry: Entry, *, library: str, version: str, training: bool
) -> Spectrum | MassSpectrum:
    """Return an entry as a measurement whose metadata say who it is and where it comes from.

    Parameters
    ----------
    entry : Entry
        Verified by the caller.
    library, version : str
        What it was taken from.
    training : bool
        Whether that library is not for casework; the mark goes with every entry.
    """
    facts = {
        **_identity(entry),
        **_provenance(entry),
        "Library": f"{library} {version}",
        "Library entry": entry.id,
        "Record hash": entry.record_hash,
    }
    if training:
        facts["Training"] = TRAINING
    stated = {key: value for key, value in facts.items() if value}
    measured = entry.draft.measurement()
    if isinstance(measured, MassSpectrum) and measured.molecular_mass is None:
        filed = _pairs(entry.draft.provenance.notes).get("filed mass", "")
        return replace(measured, metadata=stated, molecular_mass=harmonise.number(filed))
    return replace(measured, metadata=stated)


def _identity(entry: Entry) -> dict[str, str]:
    who = entry.draft.identity
    filed = _pairs(entry.draft.provenance.notes)
    return {
        "Formula": who.formula or filed.get("filed formula", ""),
        "InChIKey": who.inchikey or filed.get("filed inchikey", ""),
        "SMILES": who.smiles or filed.get("filed smiles", ""),
        "CASNO": who.cas or filed.get("filed cas", ""),
        "CompoundClass": who.compound_class,
    }


def _provenance(entry: Entry) -> dict[str, str]:
    draft, origin = entry.draft, entry.draft.provenance
    facts = {
        "Accession": origin.accession,
        "License": origin.licence,
        "Instrument": origin.instrument,
        "Measured": origin.measured,
        "Sampling": draft.sampling,
        "Source file": origin.file,
        "Source sha256": origin.sha256,
    }
    for index in retention.kept(draft.retention_index, origin.conditions):
        if index.phase in _PHASES:
            deviation = "" if index.deviation is None else f"/{index.deviation:g}"
            facts[_PHASES[index.phase]] = f"{index.value:g}{deviation}"
    for key, value in (*_pairs(origin.conditions).items(), *_pairs(origin.notes).items()):
        if not key.startswith(("filed ", "heavier", "training", "retention index")):
            facts.setdefault(key[:1].upper() + key[1:], value)
    return facts


def _pairs(text: str) -> Mapping[str, str]:
    """Return the ``key=value; key=value`` text of a provenance as pairs."""
    found: dict[str, str] = {}
    last = ""
    for part in text.split("; "):
        key, equals, value = part.partition("=")
        if equals and key.strip() and len(key) <= 40 and key == key.lower():
            last = key.strip()
            found[last] = value
        elif last:  # a value that holds the separator itself
            found[last] += f"; {part}"
    return found


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """Return entries in the order they are written: by substance, then by hash."""
    return sorted(entries, key=lambda entry: (entry.substance.lower(), entry.record_hash))
