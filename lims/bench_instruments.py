"""The instruments of a lab, and the confirmed, versioned mappings by which their texts are read.

A mapping is confirmed by a named person on a file of that instrument; a new one is a new version,
and every run says which version it was read by.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from instruments.mapping import LASER_DRIFT_NM, LASER_NM, TextMapping, from_json, to_json
from lims import canonical, fields, records, workflow
from lims.act import Act
from lims.errors import NotFoundError, RecordError, StateError
from lims.lab import Lab
from lims.model import Finding, FindingState
from lims.originals import keep_original
from lims.workflow import Verb
from spectra.spectrum import Technique

if TYPE_CHECKING:
    from sqlite_utils import Database

    from instruments.export import Export

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """One instrument of the lab.

    ``laser_nm`` is the line its maker states; a file that states its own line wins over it.
    """

    name: str
    kind: Technique
    maker: str
    model: str
    serial: str
    laser_nm: float | None
    at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmedMapping:
    """One version of an instrument's mapping, and who confirmed it on which file.

    ``origin`` names the mapping of another lab it was taken from; empty for one of our own.
    """

    instrument: str
    version: int
    mapping: TextMapping
    sample_sha256: str
    sample_name: str
    origin: str
    at: datetime
    by: str


def add_instrument(
    lab: Lab,
    actor: str,
    name: str,
    kind: Technique,
    *,
    maker: str = "",
    model: str = "",
    serial: str = "",
    laser_nm: float | None = None,
    key: str = "",
) -> Instrument:
    """Add an instrument to the lab.

    Raises
    ------
    StateError
        The name is taken, whatever its case.
    PermissionDenied, RecordError
    """
    if not _NAME.fullmatch(name):
        raise RecordError(
            f"{name[:60]!r} cannot name an instrument",
            hint="Letters, digits, '-', '_' and '.', at most 40, for example raman-1.",
        )
    low, high = LASER_NM
    if laser_nm is not None and not low <= laser_nm <= high:
        raise RecordError(f"a laser at {laser_nm:g} nm; {low:g} to {high:g} can be")
    body = {
        "name": name,
        "kind": kind.value,
        **fields.lines({"maker": maker, "model": model, "serial": serial}),
        "laser_nm": "" if laser_nm is None else f"{laser_nm:.10g}",
    }
    with lab.writing(actor, key) as act:
        act.allow(Verb.ADD_INSTRUMENT)
        first = act.repeated("instrument.added")
        if first is not None:
            return _instrument(act.db, str(first.body["name"]))
        if act.db.execute("SELECT 1 FROM instrument WHERE lower(name)=lower(?)", [name]).fetchone():
            raise StateError(
                f"{name!r} is an instrument of this lab already",
                hint="See it with `fol instrument show`, or choose another name.",
            )
        act.append("instrument.added", body)
        return _instrument(act.db, name)


def instruments(lab: Lab) -> tuple[Instrument, ...]:
    """Return the lab's instruments in the order they were added."""
    return tuple(_as_instrument(row) for row in records.rows(lab.db, _ALL + " ORDER BY seq"))


def instrument(lab: Lab, name: str) -> Instrument:
    """Return an instrument by name, in any case.

    Raises
    ------
    NotFoundError
        Names the instruments there are.
    """
    return _instrument(lab.db, name)


def mappings(lab: Lab, name: str) -> tuple[ConfirmedMapping, ...]:
    """Return every confirmed mapping of an instrument, newest first."""
    return _mappings(lab.db, _instrument(lab.db, name).name)


def newest_mapping(lab: Lab, name: str) -> ConfirmedMapping | None:
    """Return the mapping an instrument's files are read by, or None where none was confirmed."""
    return next(iter(mappings(lab, name)), None)


def confirm_mapping(
    lab: Lab,
    actor: str,
    name: str,
    mapping: TextMapping,
    *,
    sample: bytes,
    file_name: str,
    key: str = "",
) -> ConfirmedMapping:
    """Record that a person confirmed how an instrument's text is read, on a file of it.

    Parameters
    ----------
    lab : Lab
    actor : str
    name : str
        Of the instrument.
    mapping : TextMapping
        As `instruments.mapping_proposal.propose` gives it.
    sample : bytes
        The file; it is kept, and must read by the mapping.
    file_name : str
    key : str
        Idempotency key. The mapping that is the newest already is not recorded again.

    Raises
    ------
    FormatError
        The file does not read by the mapping.
    RecordError
        The file needs no mapping, or the mapping is for another technique than the instrument's.
    PermissionDenied, NotFoundError, BusyError, StorageFullError
    """
    workflow.require(records.person(lab.db, actor), Verb.CONFIRM_MAPPING)
    checked = replace(mapping, name=instrument(lab, name).name)
    _require_reads(checked, sample, file_name)
    digest = keep_original(lab.raw_folder, sample)
    return _record(lab, actor, checked, (digest, file_name), "", key)


def import_mapping(
    lab: Lab,
    actor: str,
    name: str,
    mapping: TextMapping,
    *,
    sample: bytes | None = None,
    file_name: str = "",
    key: str = "",
) -> ConfirmedMapping:
    """Record that a person took over a mapping another lab confirmed, as a version of our own.

    With a file of our own instrument it is tried on that first; without, the file the other lab
    confirmed it on stays named by its SHA-256.

    Raises
    ------
    FormatError, RecordError, PermissionDenied, NotFoundError, BusyError, StorageFullError
        As `confirm_mapping`.
    """
    workflow.require(records.person(lab.db, actor), Verb.CONFIRM_MAPPING)
    origin = f"{mapping.label}, confirmed on {mapping.sample_sha256 or 'no file'}"
    checked = replace(mapping, name=instrument(lab, name).name)
    named = (mapping.sample_sha256, "")
    if sample is not None:
        _require_reads(checked, sample, file_name)
        named = (keep_original(lab.raw_folder, sample), file_name)
    return _record(lab, actor, checked, named, origin, key)


def read_by(lab: Lab, name: str) -> tuple[Instrument | None, ConfirmedMapping | None]:
    """Return an instrument and its newest mapping; (None, None) where no instrument is named."""
    if not name:
        return None, None
    found = _instrument(lab.db, name)
    return found, next(iter(_mappings(lab.db, found.name)), None)


def as_read(export: Export, found: Instrument | None) -> Export:
    """Return an export with what is known of its instrument: technique, and what contradicts it.

    Only a technique that the file leaves open is taken from the instrument. A serial number or a
    laser line of another instrument is told.
    """
    if found is None:
        return export
    warnings = list(export.warnings)
    stated = export.metadata.get("serial", "")
    if stated and found.serial and stated.casefold() != found.serial.casefold():
        warnings.append(
            f"the file names the serial number {stated}, {found.name} has {found.serial}"
        )
    laser, own = _number(export.metadata.get("laser_nm", "")), found.laser_nm
    if laser is not None and own is not None and abs(laser - own) > LASER_DRIFT_NM:
        warnings.append(f"the file names a laser at {laser:g} nm, {found.name} has {own:g} nm")
    open_ = export.technique is Technique.OTHER
    technique = found.kind if open_ else export.technique
    return replace(export, technique=technique, warnings=tuple(warnings))


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def run_facts(
    export: Export, found: Instrument | None, confirmed: ConfirmedMapping | None
) -> dict[str, Any]:
    """Return what a run's event says of its instrument; nothing where none is named.

    Version 0 says that the file was not read by a mapping.
    """
    if found is None:
        return {}
    used = confirmed is not None and _was_read_by(export, confirmed.mapping)
    return {
        "instrument": found.name,
        "mapping_version": confirmed.version if used and confirmed is not None else 0,
    }


def _was_read_by(export: Export, mapping: TextMapping) -> bool:
    """Whether a mapping was used; another reader's file may hold any words of its own."""
    return export.reader == "text" and export.metadata.get("mapping") == mapping.label


def reads_anew(
    lab: Lab, before: Finding, device: Instrument | None, confirmed: ConfirmedMapping | None
) -> bool:
    """Whether a text on record is read again: its instrument has a mapping it was not read by.

    A reviewed finding stands; what a reader took from the file itself needs no mapping.
    """
    if device is None or confirmed is None or before.state is FindingState.REVIEWED:
        return False
    (row,) = records.rows(lab.db, "SELECT * FROM run WHERE id=?", before.run)
    run = records.as_run(row)
    is_text = run.reader.startswith("text ") and run.format != "fol-csv"
    return is_text and (run.instrument, run.mapping_version) != (device.name, confirmed.version)


def _require_reads(mapping: TextMapping, sample: bytes, file_name: str) -> None:
    from instruments import sandbox

    export = sandbox.read_guarded_bytes(sample, file_name, mapping=mapping)
    if not _was_read_by(export, mapping):
        raise RecordError(
            f"{fields.visible(file_name)} is {export.format}: it says itself how it is read",
            hint="Only text needs a mapping; ingest this file as it is.",
        )


def _record(
    lab: Lab, actor: str, mapping: TextMapping, sample: tuple[str, str], origin: str, key: str
) -> ConfirmedMapping:
    with lab.writing(actor, key) as act:
        act.allow(Verb.CONFIRM_MAPPING)
        first = act.repeated("instrument.mapping_confirmed")
        if first is not None:
            return _version(act.db, str(first.body["instrument"]), int(first.body["version"]))
        found = _instrument(act.db, mapping.name)
        _require_kind(found, mapping)
        before = next(iter(_mappings(act.db, found.name)), None)
        if before is not None and before.mapping.same_reading(mapping):
            return before
        _append(act, mapping, 1 if before is None else before.version + 1, sample, origin)
        return _mappings(act.db, found.name)[0]


def _append(
    act: Act, mapping: TextMapping, version: int, sample: tuple[str, str], origin: str
) -> None:
    numbered = replace(mapping, version=version, sample_sha256=sample[0])
    act.append(
        "instrument.mapping_confirmed",
        {
            "instrument": numbered.name,
            "version": version,
            "mapping": to_json(numbered),
            "sample_sha256": sample[0],
            "sample_name": fields.visible(sample[1]),
            "origin": fields.visible(origin),
        },
    )


def _require_kind(found: Instrument, mapping: TextMapping) -> None:
    kinds = {found.kind, mapping.technique}
    vibrational = bool(kinds & {Technique.RAMAN, Technique.FTIR})
    if len(kinds) > 1 and vibrational and found.kind is not Technique.OTHER:
        raise RecordError(
            f"{found.name} is a {found.kind} instrument, the mapping is for {mapping.technique}",
            hint=f"Give --technique {found.kind}, or add the instrument under its own kind.",
        )


_ALL = "SELECT * FROM instrument"


def _instrument(database: Database, name: str) -> Instrument:
    found = records.rows(database, _ALL + " WHERE lower(name)=lower(?)", name)
    if not found:
        names = [str(row["name"]) for row in records.rows(database, _ALL + " ORDER BY seq")]
        raise NotFoundError(
            f"there is no instrument {name[:60]!r} in this lab",
            hint=f"There are: {', '.join(names[:20])}."
            if names
            else "Add it: fol instrument add NAME --kind raman --maker … --model … --serial …",
        )
    return _as_instrument(found[0])


def _as_instrument(row: Mapping[str, Any]) -> Instrument:
    return Instrument(
        name=row["name"],
        kind=Technique(row["kind"]),
        maker=row["maker"],
        model=row["model"],
        serial=row["serial"],
        laser_nm=float(row["laser_nm"]) if row["laser_nm"] else None,
        at=records.moment(row["at"]),
        by=row["by"],
    )


def _mappings(database: Database, name: str) -> tuple[ConfirmedMapping, ...]:
    sql = "SELECT * FROM instrument_mapping WHERE instrument=? ORDER BY version DESC"
    return tuple(_as_mapping(row) for row in records.rows(database, sql, name))


def _version(database: Database, name: str, version: int) -> ConfirmedMapping:
    return next(each for each in _mappings(database, name) if each.version == version)


def _as_mapping(row: Mapping[str, Any]) -> ConfirmedMapping:
    return ConfirmedMapping(
        instrument=row["instrument"],
        version=row["version"],
        mapping=from_json(canonical.parsed(row["mapping"])),
        sample_sha256=row["sample_sha256"],
        sample_name=row["sample_name"],
        origin=row["origin"],
        at=records.moment(row["at"]),
        by=row["by"],
    )
