"""A file that an instrument left: whose it is, then a run of that sample, or quarantine with why.

Every way to a run goes through `lims.examination.ingest`. The same bytes are taken once, whatever
they are called and however often they are found.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from lims import (
    bench_instruments,
    clock,
    examination,
    ids,
    naming,
    quarantine,
    records,
    source_bytes,
)
from lims.errors import (
    AuditBrokenError,
    BusyError,
    DamagedError,
    DiskFailedError,
    NotFoundError,
    PermissionDenied,
    RecordError,
    StorageFullError,
)
from lims.lab import Lab
from lims.model import Finding, Quarantined, QuarantineState
from lims.workflow import Verb
from spectra.errors import SpectrumError

if TYPE_CHECKING:
    from instruments.export import Export

Read = Callable[[bytes, str], "Export"]

_NOT_THE_FILES_FAULT = (
    AuditBrokenError,
    BusyError,
    DamagedError,
    DiskFailedError,
    PermissionDenied,
    StorageFullError,
)
_LISTED = 3
_METADATA_VALUES = 200
_SPECTRA = 200
_TEXTS = 500


class Taken(StrEnum):
    """What became of a file."""

    RUN = "run"
    KNOWN = "known"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pickup:
    """What became of one file.

    Parameters
    ----------
    taken : Taken
        ``KNOWN`` when the record held these bytes before.
    sha256 : str
    sample : str
        Number; empty where it is not known whose the file is.
    finding : Finding or None
    row : Quarantined or None
        Its row in quarantine, where it has one that is not linked to a run.
    """

    taken: Taken
    sha256: str
    sample: str = ""
    finding: Finding | None = None
    row: Quarantined | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Owner:
    """Whose a file is: a sample and perhaps a portion, or why that cannot be said."""

    sample: str = ""
    portion: str = ""
    problem: str = ""
    is_named: bool = False


def pick_up(
    lab: Lab,
    actor: str,
    path: Path,
    *,
    folders: Sequence[str] = (),
    libraries: Sequence[str] = (),
    instrument: str = "",
    read: Read | None = None,
    match: examination.Match | None = None,
    is_settled: Callable[[], bool] = lambda: True,
) -> Pickup | None:
    """Take one complete file into the record.

    Parameters
    ----------
    lab : Lab
    actor : str
        An analyst; what they never held is quarantined.
    path : Path
        A file, or an instrument's folder that is one run.
    folders : sequence of str
        Names of the folders it lay in, which may carry the sample's number.
    libraries : sequence of str
        Names of installed libraries; all of them when empty.
    instrument : str
        Name of the lab's instrument that writes here.
    read : callable or None
        Another way to read (data, name); the guarded child when None.
    match : Match or None
        Another way to compare.
    is_settled : callable
        Asked after the bytes were read and again before anything is written: whether they are still
        what lies there, and whether to go on at all.

    Returns
    -------
    Pickup or None
        None when it was not settled; nothing was written.

    Raises
    ------
    NotFoundError
        The file cannot be opened now.
    FormatError
        A folder too large to be kept.
    BusyError, StorageFullError, PermissionDenied, LibraryError, AuditBrokenError
        Nothing to do with the file: try again when it is mended.
    """
    data = source_bytes.bytes_of(path)
    if not is_settled():
        return None
    digest = hashlib.sha256(data).hexdigest()
    by_name = _name_texts(path, folders)
    before = _seen(lab, digest, naming.find(by_name, lab.site))
    if before is not None:
        return before
    owner, export = _judged(lab, path, data, by_name, read or _reader(lab, instrument))
    if not is_settled():
        return None
    if not owner.problem:
        owner = _undisputed(lab, owner, digest)
    if export is None or owner.problem:
        return _wait(lab, actor, path, data, owner.problem, owner.sample)
    try:
        finding = examination.ingest(
            lab,
            actor,
            path,
            owner.sample,
            portion=owner.portion,
            libraries=libraries,
            instrument=instrument,
            match=match,
            data=data,
            export=export,
        )
    except _NOT_THE_FILES_FAULT:
        raise
    except (RecordError, SpectrumError) as error:
        return _wait(lab, actor, path, data, error.message, owner.sample)
    return Pickup(taken=Taken.RUN, sha256=digest, sample=owner.sample, finding=finding)


def set_aside(
    lab: Lab, actor: str, path: Path, reason: str, *, folders: Sequence[str] = ()
) -> Pickup:
    """Put a file into quarantine unread, under the sample its name says if it says one.

    Raises
    ------
    NotFoundError, FormatError, BusyError, StorageFullError, PermissionDenied
    """
    owner = _owner(lab, _name_texts(path, folders))
    return _wait(lab, actor, path, source_bytes.bytes_of(path), reason, owner.sample)


def _name_texts(path: Path, folders: Sequence[str]) -> list[tuple[str, str]]:
    return [("file name", path.stem), *(("folder", name) for name in folders)]


def _judged(
    lab: Lab, path: Path, data: bytes, by_name: Sequence[tuple[str, str]], read: Read
) -> tuple[_Owner, Export | None]:
    """Return whose a file is, and what it holds: nothing where it cannot be read."""
    from instruments.errors import FormatError

    try:
        export = read(data, path.name)
    except (FormatError, SpectrumError) as error:
        owner = _owner(lab, by_name)
        also = f"; and {owner.problem}" if owner.problem and owner.is_named else ""
        return replace(owner, problem=f"{error.message}{also}"), None
    # OPUS numbers its files by their suffix; elsewhere ``.1`` is a portion.
    name = path.stem if export.reader == "bruker-opus" else path.name
    inside = dict.fromkeys(islice(_texts(export), _TEXTS))
    return _owner(lab, [("file name", name), *by_name[1:], *inside]), export


def link(
    lab: Lab,
    actor: str,
    which: str,
    sample: str,
    *,
    portion: str = "",
    libraries: Sequence[str] = (),
    instrument: str = "",
    match: examination.Match | None = None,
) -> Finding:
    """Record a quarantined file as a run of a sample and close its row in the same act.

    Parameters
    ----------
    which : str
        Its number, or the beginning of its SHA-256.
    sample, portion : str
        Whose a person says it is.
    instrument : str
        Name of the lab's instrument that wrote it, where that is known.

    Raises
    ------
    StateError
        It was closed before.
    FormatError
        It cannot be read; it goes on waiting.
    CustodyError, NotFoundError, PermissionDenied, LibraryError, CorruptFileError
    """
    from instruments import raw

    row = quarantine.find(lab, which)
    quarantine.require_waiting(row)
    data = raw.fetch(lab.quarantine_folder, row.raw_sha256)
    finding = examination.ingest(
        lab,
        actor,
        Path(row.file_name),
        sample,
        portion=portion,
        libraries=libraries,
        instrument=instrument,
        match=match,
        data=data,
    )
    if quarantine.find(lab, row.number).state is QuarantineState.WAITING:
        # These bytes are a run of the sample already, or wait under another sample's number.
        with lab.writing(actor) as act:
            act.allow(Verb.RECORD_RUN)
            quarantine.close(act, row.raw_sha256, finding.sample, finding.run, also=row.seq)
    return finding


def _reader(lab: Lab, instrument: str) -> Read:
    from instruments import sandbox

    _, confirmed = bench_instruments.read_by(lab, instrument)
    mapping = None if confirmed is None else confirmed.mapping
    return partial(sandbox.read_guarded_bytes, mapping=mapping)


def _seen(lab: Lab, digest: str, named: naming.Named) -> Pickup | None:
    """Return what the record knows of these bytes, unless their name now says something new."""
    runs = records.rows(lab.db, "SELECT DISTINCT sample FROM run WHERE raw_sha256=?", digest)
    rows = quarantine.known(lab, digest)
    said = {number for number in map(partial(_spelled, lab), named.numbers) if number}
    held = {str(row["sample"]) for row in runs} | {row.sample for row in rows if row.run}
    # A dismissed file stays dismissed for the sample it was dismissed for.
    held |= {row.sample for row in rows if row.state is QuarantineState.DISMISSED}
    if not (runs or rows) or said - held:
        return None
    sample = next(iter(sorted(said)), str(runs[0]["sample"]) if runs else rows[-1].sample)
    unlinked = [row for row in rows if not row.run]
    row = None if runs else next(iter(unlinked), None)
    return Pickup(taken=Taken.KNOWN, sha256=digest, sample=sample, row=row)


def _spelled(lab: Lab, number: str) -> str:
    """Return the number of a sample in the record, or nothing."""
    try:
        return str(records.sample_row(lab.db, number)["number"])
    except NotFoundError:
        return ""


def _wait(lab: Lab, actor: str, path: Path, data: bytes, reason: str, sample: str) -> Pickup:
    digest = hashlib.sha256(data).hexdigest()
    is_known = sample in {row.sample for row in quarantine.known(lab, digest)}
    row = quarantine.keep(lab, actor, path.name, data, reason, sample=sample)
    taken = Taken.KNOWN if is_known else Taken.QUARANTINED
    return Pickup(taken=taken, sha256=digest, sample=sample, row=row)


def _texts(export: Export) -> Iterator[tuple[str, str]]:
    """Yield (where, text) of everything in a file that says what was measured."""
    yield from _naming_values(export.metadata)
    for spectrum in islice(export.spectra, _SPECTRA):
        yield "title", spectrum.title
        yield from _naming_values(spectrum.metadata)


def _naming_values(metadata: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for key, value in islice(metadata.items(), _METADATA_VALUES):
        if naming.NAMING_KEY.search(key):
            yield key.lower(), str(value)


def _owner(lab: Lab, texts: Sequence[tuple[str, str]]) -> _Owner:
    named = naming.find(texts, lab.site)
    known = {number: _spelled(lab, number) for number in named.numbers}
    # The short form and the whole one may stand side by side.
    said = {known[number] or number: where for number, where in named.numbers.items()}
    if named.mistyped:
        return _Owner(problem=_mistyped(lab, named, said), is_named=True)
    if len(said) > 1:
        return _Owner(problem=f"several samples are named: {_both(said)}", is_named=True)
    if not said:
        return _Owner(problem="no sample number in its name or its metadata")
    number = next(iter(said))
    if number not in known.values():
        return _Owner(problem=f"{_both(said)} is no sample of this lab's record", is_named=True)
    portions = {each for spelled, several in named.portions.items() for each in several}
    if len(portions) > 1:
        listed = ", ".join(str(each) for each in sorted(portions))
        return _Owner(sample=number, problem=f"several portions are named: {listed}", is_named=True)
    portion = ids.child(number, "", portions.pop()) if portions else ""
    if portion and portion not in {each.id for each in records.portions(lab.db, number)}:
        return _Owner(sample=number, problem=f"there is no portion {portion}", is_named=True)
    return _Owner(sample=number, portion=portion, is_named=True)


def _undisputed(lab: Lab, owner: _Owner, digest: str) -> _Owner:
    """Return the owner, or what speaks against it: the same bytes measured for another sample."""
    other = records.value(
        lab.db, "SELECT id FROM run WHERE raw_sha256=? AND sample<>?", digest, owner.sample
    )
    if other is None:
        return owner
    return replace(
        owner, problem=f"{owner.sample} is named, but the same bytes are {other} already"
    )


def _mistyped(lab: Lab, named: naming.Named, said: Mapping[str, str]) -> str:
    typed, where = next(iter(named.mistyped.items()))
    year = f"{clock.now().astimezone(lab.zone).year % 100:02d}"
    near = [n for n in naming.neighbours(typed, lab.site, year) if _spelled(lab, n)]
    problem = f"{typed} ({where}) looks like a sample number, but its check character is wrong"
    if near:
        problem += f"; did you mean {' or '.join(near[:_LISTED])}?"
    return f"{problem} Also named: {_both(said)}" if said else problem


def _both(said: Mapping[str, str]) -> str:
    listed = [f"{number} ({where})" for number, where in islice(said.items(), _LISTED)]
    more = f" and {len(said) - _LISTED} more" if len(said) > _LISTED else ""
    return " and ".join(listed) + more
