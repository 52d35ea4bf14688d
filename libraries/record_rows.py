"""One entry as a row of `library.db`, and back. Knows the columns, not the database."""

from __future__ import annotations

import numpy as np

from libraries.entry import Entry, EntryDraft, Identity, Section, Tandem
from libraries.errors import LibraryError
from libraries.provenance import Provenance
from spectra.axis import FloatArray, XKind, YKind

_LARGEST_BLOB = 8 * 1_000_000

COLUMNS = (
    "row, id, section, name, substance, substance_group, inchikey, smiles, formula, cas, "
    "compound_class, molecular_mass, ionization, retention_index, sampling, "
    "x_kind, x_unit, y_kind, y_unit, x, y, source_file, source_sha256, accession, licence, "
    "instrument, conditions, notes, measured, precursor_mz, polarity, collision_energy, adduct, "
    "record_hash"
)
# What a record of an earlier schema has in the place of a column, by the schema that brought it.
_LATER = {
    "measured": (2, "'' AS measured"),
    "precursor_mz": (3, "NULL AS precursor_mz"),
    "polarity": (3, "'' AS polarity"),
    "collision_energy": (3, "'' AS collision_energy"),
    "adduct": (3, "'' AS adduct"),
}


def columns(schema: int) -> str:
    """Return what to select from a record of this schema, in the order of `COLUMNS`."""

    def held(name: str) -> str:
        since, instead = _LATER.get(name, (1, name))
        return name if schema >= since else instead

    return ", ".join(held(name) for name in COLUMNS.split(", "))


def to_row(
    row: int, draft: EntryDraft, substance: str, record_hash: str
) -> tuple[str | int | float | bytes | None, ...]:
    """Return an entry as the columns of its row, in the order of `COLUMNS`."""
    who, origin = draft.identity, draft.provenance
    facts: dict[str, str | int | float | bytes | None] = {
        "row": row,
        "id": record_hash[:16],
        "section": draft.section.value,
        "name": who.name,
        "substance": substance,
        "substance_group": who.group,
        "inchikey": who.inchikey,
        "smiles": who.smiles,
        "formula": who.formula,
        "cas": who.cas,
        "compound_class": who.compound_class,
        "molecular_mass": who.molecular_mass,
        "ionization": draft.ionization,
        "retention_index": draft.retention_index,
        "sampling": draft.sampling,
        "x_kind": draft.x_kind.value,
        "x_unit": draft.x_unit,
        "y_kind": draft.y_kind.value,
        "y_unit": draft.y_unit,
        "x": np.ascontiguousarray(draft.x, dtype="<f8").tobytes(),
        "y": np.ascontiguousarray(draft.y, dtype="<f8").tobytes(),
        "source_file": origin.file,
        "source_sha256": origin.sha256,
        "accession": origin.accession,
        "licence": origin.licence,
        "instrument": origin.instrument,
        "conditions": origin.conditions,
        "notes": origin.notes,
        "measured": origin.measured,
        "precursor_mz": None if draft.tandem is None else draft.tandem.precursor_mz,
        "polarity": "" if draft.tandem is None else draft.tandem.polarity,
        "collision_energy": "" if draft.tandem is None else draft.tandem.collision_energy,
        "adduct": "" if draft.tandem is None else draft.tandem.adduct,
        "record_hash": record_hash,
    }
    return tuple(facts.values())


def to_entry(values: tuple[object, ...]) -> Entry:
    """Return the entry of a row read in the order of `COLUMNS`; its hash is not verified here.

    Raises
    ------
    LibraryError
        The row holds what no entry can.
    """
    try:
        return _entry(values)
    except (KeyError, ValueError, TypeError, OverflowError) as odd:
        # Only a file that was made over by hand holds other types than its table allows.
        raise LibraryError(
            f"a row of the library holds what no entry can ({odd})",
            hint="The record was altered. Remove this version and import it again.",
        ) from odd


def _entry(values: tuple[object, ...]) -> Entry:
    fact = dict(zip(COLUMNS.split(", "), values, strict=True))
    text = {name: str(value) for name, value in fact.items() if isinstance(value, str)}
    who = Identity(
        name=text["name"],
        group=text["substance_group"],
        inchikey=text["inchikey"],
        smiles=text["smiles"],
        formula=text["formula"],
        cas=text["cas"],
        compound_class=text["compound_class"],
        molecular_mass=_optional(fact["molecular_mass"]),
    )
    origin = Provenance(
        file=text["source_file"],
        sha256=text["source_sha256"],
        accession=text["accession"],
        licence=text["licence"],
        instrument=text["instrument"],
        conditions=text["conditions"],
        notes=text["notes"],
        measured=text["measured"],
    )
    draft = EntryDraft(
        identity=who,
        section=Section(text["section"]),
        x=_numbers(fact["x"]),
        y=_numbers(fact["y"]),
        x_kind=_enum_x(text["x_kind"]),
        x_unit=text["x_unit"],
        y_kind=_enum_y(text["y_kind"]),
        y_unit=text["y_unit"],
        provenance=origin,
        ionization=text["ionization"],
        retention_index=_optional(fact["retention_index"]),
        sampling=text["sampling"],
        tandem=_tandem(fact["precursor_mz"], text),
    )
    return Entry(
        id=text["id"],
        row=int(str(fact["row"])),
        substance=text["substance"],
        record_hash=text["record_hash"],
        draft=draft,
    )


def _tandem(precursor: object, text: dict[str, str]) -> Tandem | None:
    value = _optional(precursor)
    if value is None:
        return None
    return Tandem(
        precursor_mz=value,
        polarity=text["polarity"],
        collision_energy=text["collision_energy"],
        adduct=text["adduct"],
    )


def _optional(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _numbers(value: object) -> FloatArray:
    if not isinstance(value, bytes) or len(value) % 8 or len(value) > _LARGEST_BLOB:
        raise LibraryError("a spectrum in the library is not stored as numbers")
    return np.frombuffer(value, dtype="<f8").astype(np.float64, copy=False)


def _enum_x(value: str) -> XKind:
    try:
        return XKind(value)
    except ValueError as unknown:
        raise LibraryError(f"unknown axis kind {value!r} in the library") from unknown


def _enum_y(value: str) -> YKind:
    try:
        return YKind(value)
    except ValueError as unknown:
        raise LibraryError(f"unknown ordinate kind {value!r} in the library") from unknown


def whole(value: object) -> int:
    """Return a column as a whole number, or raise that the record was altered."""
    try:
        return int(str(value))
    except ValueError as odd:
        raise _odd(value, "a whole number") from odd


def real(value: object) -> float:
    """Return a column as a number, or raise that the record was altered."""
    try:
        return float(str(value))
    except ValueError as odd:
        raise _odd(value, "a number") from odd


def section(value: object) -> Section:
    """Return a column as a technique, or raise that the record was altered."""
    try:
        return Section(str(value))
    except ValueError as odd:
        raise _odd(value, "a technique") from odd


def _odd(value: object, wanted: str) -> LibraryError:
    # The tables are strict: only a file that was made over by hand holds this.
    return LibraryError(
        f"the record holds {str(value)[:40]!r} in the place of {wanted}",
        hint="The record was altered. Remove this version and import it again.",
    )
