"""Mass spectra as JSON: MassBank of North America downloads, and flat records of other software.

A MoNA record has ``compound`` (names, keys, ``metaData``), ``metaData`` and ``spectrum``
(``"41.5:999 43:12"``); a flat one has its fields beside ``peaks`` or ``peaks_json`` (pairs).
Source: https://mona.fiehnlab.ucdavis.edu (download formats); GNPS and matchms for the flat form.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TypeGuard

import numpy as np

from instruments.checks import peak_faults
from instruments.cleaning import clean_map, one_line
from instruments.decoding import decode
from instruments.errors import CorruptFileError
from instruments.export import Reading
from instruments.formats.mass_fields import Fields
from instruments.limits import AGAIN, MAX_SPECTRA, RUN_BYTES
from spectra.axis import FloatArray
from spectra.spectrum import MassSpectrum, Technique

_PEAKS = ("spectrum", "peaks_json", "peaks")
_MARKS = (b'"spectrum"', b'"peaks_json"', b'"peaks"', b'"compound"', b'"splash"')
_NAMES = ("Name", "name", "compound_name", "Compound_Name", "title")
_REPORTED = 20
# MoNA's words for what other formats call otherwise.
_RENAMED = {
    "molecular formula": "Formula",
    "SMILES": "SMILES",
    "InChIKey": "InChIKey",
    "InChI": "InChI",
    "total exact mass": "ExactMass",
    "exact mass": "ExactMass",
    "cas number": "CASNO",
    "license": "License",
    "retention index": "RetentionIndex",
    "precursor m/z": "PrecursorMZ",
}


class JsonSpectraReader:
    """Arrays or single records of mass spectra in JSON."""

    name = "json-spectra"
    suffixes = (".json",)
    size_limit = RUN_BYTES // 4

    def sniff(self, head: bytes, size: int) -> float:
        """Return 0.8 for a JSON array or object that speaks of a spectrum."""
        start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
        if not start.startswith((b"[", b"{")):
            return 0.0
        return 0.8 if any(mark in head for mark in _MARKS) else 0.0

    def read(self, data: bytes, name: str) -> Reading:
        """Return every record with peaks, in file order."""
        spectra: list[MassSpectrum] = []
        problems: list[str] = []
        for at, record in enumerate(_records(data), start=1):
            if at > MAX_SPECTRA:
                raise CorruptFileError(f"more than {MAX_SPECTRA} records")
            fields = _fields(record)
            peaks = _peaks(record)
            title = _title(fields)
            if peaks is None or not peaks.size:
                problems.append(f"record {at} ({title or 'without a name'}) holds no peaks")
            else:
                spectra.append(_spectrum(title, fields, peaks))
        if not spectra:
            raise CorruptFileError(
                "; ".join(problems[:3]) or "no record of a spectrum",
                hint="JSON is read as MassBank of North America delivers it.",
            )
        warnings = problems[:_REPORTED]
        if len(problems) > _REPORTED:
            warnings.append(f"and {len(problems) - _REPORTED} more records without peaks")
        return Reading(
            spectra=tuple(spectra),
            technique=Technique.MS,
            metadata={"records": str(len(spectra) + len(problems))},
            warnings=tuple(warnings),
        )


def _records(data: bytes) -> Iterator[Mapping[str, object]]:
    text, _ = decode(data)
    try:
        whole = json.loads(text)
    except RecursionError as deep:
        raise CorruptFileError("the JSON is nested too deeply", hint=AGAIN) from deep
    except ValueError as broken:
        raise CorruptFileError(f"not valid JSON ({broken})", hint=AGAIN) from broken
    listed = whole if isinstance(whole, list) else [whole]
    yield from (each for each in listed if _is_record(each))


def _is_record(value: object) -> TypeGuard[Mapping[str, object]]:
    return isinstance(value, dict)


def _fields(record: Mapping[str, object]) -> dict[str, str]:
    """Return the named facts of a record as flat text, the compound's first."""
    found: dict[str, str] = {}
    compounds = record.get("compound")
    compound = compounds[0] if isinstance(compounds, list) and compounds else {}
    if _is_record(compound):
        names = compound.get("names")
        for each in names if isinstance(names, list) else ():
            if _is_record(each) and isinstance(each.get("name"), str):
                found.setdefault("Name", str(each["name"]))
        found |= _texts({"InChIKey": compound.get("inchiKey"), "InChI": compound.get("inchi")})
        _add_pairs(found, compound.get("metaData"))
    _add_pairs(found, record.get("metaData"))
    for key, value in _texts(record).items():
        if key not in _PEAKS:
            found.setdefault("Accession" if key == "id" else key, value)
    return found


def _add_pairs(found: dict[str, str], pairs: object) -> None:
    for each in pairs if isinstance(pairs, list) else ():
        if _is_record(each) and isinstance(each.get("name"), str):
            word = str(each["name"])
            for value in _texts({"value": each.get("value")}).values():
                found.setdefault(_RENAMED.get(word, word), value)


def _texts(values: Mapping[str, object]) -> dict[str, str]:
    """Return the values that are text or numbers; lists and objects are left out."""
    return {
        key: f"{value:.12g}" if isinstance(value, float) else str(value)
        for key, value in values.items()
        if isinstance(value, str | int | float) and not isinstance(value, bool) and value != ""
    }


def _title(fields: Mapping[str, str]) -> str:
    return one_line(next((fields[name] for name in _NAMES if fields.get(name)), ""))


def _peaks(record: Mapping[str, object]) -> FloatArray | None:
    """Return m/z and intensity, shape (n_peaks, 2); None where there are none to be read."""
    value = next((record[name] for name in _PEAKS if record.get(name)), None)
    if isinstance(value, str):
        text = value.strip()
        if not text.startswith("["):
            return _pairs_of_text(text)
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return None
    if not isinstance(value, list):
        return None
    try:
        pairs = np.array([(float(one[0]), float(one[1])) for one in value], dtype=np.float64)
    except (TypeError, ValueError, IndexError, KeyError, OverflowError):
        return None
    return pairs


def _pairs_of_text(text: str) -> FloatArray | None:
    flat = text.replace(":", " ").split()
    try:
        numbers = np.array(flat, dtype=np.float64)
    except ValueError:
        return None
    return numbers.reshape(-1, 2) if numbers.size % 2 == 0 else None


def _spectrum(title: str, fields: dict[str, str], peaks: FloatArray) -> MassSpectrum:
    looked_up = Fields(fields)
    mz, intensity = np.ascontiguousarray(peaks[:, 0]), np.ascontiguousarray(peaks[:, 1])
    return MassSpectrum(
        title=title,
        mz=mz,
        intensity=intensity,
        precursor_mz=looked_up.precursor_mz(),
        molecular_mass=looked_up.molecular_mass(),
        retention_index=looked_up.retention_index(),
        ionization=looked_up.ionization(),
        metadata=clean_map(fields),
        faults=peak_faults(mz, intensity),
    )
