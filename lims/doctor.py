"""The self-check of a lab and of the computer it runs on: one line each, with what to do.

Reads only. Every check answers even where the one before it failed.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lims import audit, clock, keys, library_care, migrate, outbox, records, sqlite
from lims import events as log
from lims.lab import Lab
from spectra.errors import LabError

LAST_EVENTS = 2_000
_LOW_BYTES, _FULL_BYTES = 5_000_000_000, 500_000_000
_OLD_OUTBOX = timedelta(days=1)
_OLD_BACKUP = timedelta(days=2)
_CLOCK_TOLERANCE = timedelta(minutes=2)
_STOPPED = timedelta(days=30)
_LEAST_COST = 19 * 1024 * 2
"""KiB times passes of argon2id: OWASP's least for passwords (cheat sheet, 2024)."""
_READERS = (
    ("opentfraw", "Thermo .raw", "thermo"),
    ("openszraw", "Shimadzu .qgd", "shimadzu"),
    ("python_calamine", "Excel files", "excel"),
    ("rainbow", "Agilent .D folders", ""),
)


class State(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing looked at: what was found, and what to do about it."""

    name: str
    state: State
    found: str
    todo: str = ""


def examine(lab: Lab, *, full: bool = False) -> tuple[Check, ...]:
    """Look at everything and return one check each; the lab may be open for inspection.

    Parameters
    ----------
    full : bool
        Verify and replay the whole log and hash every file, in place of the last `LAST_EVENTS`.
    """
    checks: list[tuple[str, Callable[[Lab], Check]]] = [
        ("sqlite", _sqlite),
        ("database", _database),
        ("foreign keys", _foreign_keys),
        ("triggers", _triggers),
        ("log", _whole_log if full else _last_events),
        ("files", _files_there),
        ("clock", _clock),
        ("disk", _disk),
        ("keys", _keys),
        ("signing in", _signing_in),
        ("libraries", _whole_libraries if full else _libraries),
        ("instruments", _instruments),
        ("outbox", _outbox),
        ("backup", _backup),
        ("compiled search", _compiled),
    ]
    return (*(_answered(name, check, lab) for name, check in checks), *_readers())


def worst(checks: Iterable[Check]) -> State:
    """Return the gravest state among checks."""
    states = {check.state for check in checks}
    return next((each for each in (State.FAIL, State.WARN) if each in states), State.OK)


def _answered(name: str, check: Callable[[Lab], Check], lab: Lab) -> Check:
    try:
        with sqlite.translated(lab.store.path):
            return check(lab)
    except LabError as error:
        return _fail(name, error.message, error.hint)
    except (ValueError, TypeError, KeyError) as error:
        return _fail(name, f"a row of the record cannot be read: {error}", _STOP)
    except OSError as error:
        return _fail(name, f"{error.strerror or error}: {error.filename or ''}", "Check the disk.")


def _ok(name: str, found: str) -> Check:
    return Check(name=name, state=State.OK, found=found)


def _warn(name: str, found: str, todo: str) -> Check:
    return Check(name=name, state=State.WARN, found=found, todo=todo)


def _fail(name: str, found: str, todo: str) -> Check:
    return Check(name=name, state=State.FAIL, found=found, todo=todo)


def _value(lab: Lab, pragma: str) -> Any:
    return lab.db.execute(f"PRAGMA {pragma}").fetchone()[0]


def _sqlite(lab: Lab) -> Check:
    version = ".".join(str(part) for part in sqlite.library_version())
    mode, safe = str(_value(lab, "journal_mode")), sqlite.safe_for_wal(sqlite.library_version())
    if mode == "wal" and not safe:
        return _fail(
            "sqlite",
            f"SQLite {version} has the WAL-reset fault and the record uses the WAL",
            "Stop every other program on this lab and install pysqlite3 0.6.1 or later.",
        )
    if not safe:
        return _warn("sqlite", sqlite.banner(), "Install pysqlite3 0.6.1 or later.")
    return _ok("sqlite", f"SQLite {version}, journal {mode}")


def _database(lab: Lab) -> Check:
    faults = [str(row[0]) for row in lab.db.execute("PRAGMA integrity_check(5)").fetchall()]
    if faults != ["ok"]:
        return _fail(
            "database",
            f"damaged: {'; '.join(faults)}",
            "Do not write to it. Keep a copy, then restore the last verified backup.",
        )
    return _ok("database", f"every page whole, schema {migrate.version_of(lab.db)}")


def _foreign_keys(lab: Lab) -> Check:
    rows = lab.db.execute("PRAGMA foreign_key_check").fetchall()
    if rows:
        tables = ", ".join(sorted({str(row[0]) for row in rows}))
        return _fail("foreign keys", f"{len(rows)} rows point at nothing, in {tables}", _STOP)
    return _ok("foreign keys", "every row points at one that is there")


_STOP = "Stop work on this lab, keep the folder as it is, run `fol audit verify`."


def _triggers(lab: Lab) -> Check:
    if migrate.version_of(lab.db) < migrate.latest():
        return _warn("triggers", "the schema is older than this software", "Open the lab once.")
    faults = migrate.schema_faults(lab.db)
    if faults:
        return _fail("triggers", "; ".join(faults), _STOP)
    return _ok("triggers", "tables, triggers and indexes are as this software makes them")


def _whole_log(lab: Lab) -> Check:
    report = audit.verify(lab)
    if not report.ok:
        return _fail("log", "; ".join(report.problems[:5]), _STOP)
    said = f"{report.events} events verify and replay to the same rows, {report.files} files hashed"
    if report.notices:
        return _warn("log", f"{said}; {report.notices[0]}", "See `fol audit verify`.")
    return _ok("log", said)


def _last_events(lab: Lab) -> Check:
    """Walk the end of the chain, and replay the whole log only where it is no longer than that."""
    size, head = lab.db.execute("SELECT size, head FROM log_head").fetchone() or (0, b"")
    found = log.read(lab.db, max(0, size - LAST_EVENTS), LAST_EVENTS + 1)
    if not found or found[-1].seq != size or found[-1].hash != bytes(head):
        return _fail("log", f"the log does not end at event {size} as recorded", _STOP)
    before = found[0].prev
    for event in found:
        if event.prev != before or not audit.follows(lab, event):
            return _fail("log", f"event {event.seq} ({event.kind}) was edited or moved", _STOP)
        before = event.hash
    if size > LAST_EVENTS:
        return _ok("log", f"the last {len(found)} of {size} events fit; --full looks at all")
    if audit.replay(lab) != audit.projected(lab):
        return _fail("log", "a table holds rows that do not follow from the events", _STOP)
    return _ok("log", f"{size} events fit and replay to the same rows")


def _files_there(lab: Lab) -> Check:
    missing, count = [], 0
    for table, place, column in audit.FILES_NAMED:
        for row in records.rows(
            lab.db, f"SELECT {column} AS owner, raw_sha256 AS name FROM {table}"
        ):
            name = str(row["name"])
            count += 1
            if not (lab.folder / place / name[:2] / name[2:4] / name).is_file():
                missing.append(f"{table} {row['owner']}")
    if missing:
        return _fail(
            "files",
            f"{len(missing)} of {count} are missing, first that of {missing[0]}",
            "Copy them back from the last backup: same path under raw/ or quarantine/.",
        )
    return _ok("files", f"{count} files that the record names are there")


def _clock(lab: Lab) -> Check:
    last = records.moment(str(records.value(lab.db, "SELECT max(at) FROM event")))
    now = clock.now()
    if last - now > _CLOCK_TOLERANCE:
        return _fail(
            "clock",
            f"the computer says {clock.stamp(now)}, the last event {clock.stamp(last)}",
            "Set the clock before anything is recorded; note it if events were stamped wrongly.",
        )
    if now - last > _STOPPED:
        return _warn(
            "clock",
            f"the last event is {(now - last).days} days old",
            "Fine for a lab at rest; else the clock is ahead.",
        )
    return _ok("clock", f"{clock.stamp(now)}, after the last event")


def _disk(lab: Lab) -> Check:
    free = shutil.disk_usage(lab.folder).free
    said = f"{free / 1e9:.1f} GB free"
    if free < _FULL_BYTES:
        return _fail("disk", said, "Free space now: soon nothing can be recorded.")
    if free < _LOW_BYTES:
        return _warn("disk", said, "Free space, or move the lab folder to a larger disk.")
    return _ok("disk", said)


def _keys(lab: Lab) -> Check:
    private = lab.keys_folder / keys.PRIVATE_NAME
    if not private.is_file():
        return _fail("keys", f"{private} is missing", "Restore keys/ from a backup.")
    if os.name == "posix":
        for path in (private, lab.keys_folder):
            if path.stat().st_mode & 0o077:
                todo = f"chmod go-rwx {path}, and ask who opened it."
                return _fail("keys", f"{path} is open to other accounts", todo)
    probe = b"fol doctor"
    if not keys.verify(lab.public_key, probe, keys.sign(lab, probe)):
        return _fail("keys", "the private key does not sign for this lab", "Restore keys/.")
    return _ok("keys", "the lab's key signs and is closed to other accounts")


def _signing_in(lab: Lab) -> Check:
    from lims import credentials, pepper, sign_in_settings

    if not sign_in_settings.is_required(lab):
        return _ok("signing in", "nobody has to: whoever uses this computer may act as anybody")
    if records.value(lab.db, "SELECT 1 FROM credential WHERE secret='pin' LIMIT 1"):
        pepper.read(lab.keys_folder)
    known = credentials.credentials(lab)
    blocked = [f"{p} until {c.blocked_until[:16]} UTC" for p, c in known.items() if c.blocked_until]
    if blocked:
        todo = "Ask whether it was they themselves; two people may reset it: fol person reset."
        return _warn("signing in", f"wrong secrets block {'; '.join(blocked)}", todo)
    memory = sign_in_settings.value(lab.db, "password_memory_kib")
    passes = sign_in_settings.value(lab.db, "password_passes")
    if memory * passes < _LEAST_COST:
        todo = "fol person set password_memory_kib 65536 and password_passes 3."
        return _warn("signing in", f"a guess costs only {memory} KiB x {passes}", todo)
    able = sum(1 for each in known.values() if each.password_at)
    return _ok("signing in", f"everybody has to; {able} people have passwords, nobody is blocked")


def _libraries(lab: Lab) -> Check:
    listed = library_care.libraries(lab)
    troubles = _unlike_the_record(listed)
    for each in listed:
        if each.problem or each.installed is None:
            continue
        for section in each.installed.sections:
            if not (each.installed.folder / "index" / section.value / "header.json").is_file():
                troubles.append(f"{each.name} {each.version}: no index for {section.value}")
    return _told(listed, troubles, "as recorded, each with its index; --full reads every byte")


def _whole_libraries(lab: Lab) -> Check:
    import libraries

    listed = library_care.libraries(lab)
    troubles = _unlike_the_record(listed)
    for each in listed:
        if each.problem or each.installed is None:
            continue
        try:
            with libraries.open(
                each.name, folder=lab.libraries_folder, version=each.version
            ) as found:
                faults = found.faults()
        except LabError as error:
            troubles.append(f"{each.name} {each.version}: {error.message}")
            continue
        troubles += [
            f"{each.name} {each.version}: {fault.kind.value} ({fault.section}): {fault.message}"
            for fault in faults[:3]
        ]
    return _told(listed, troubles, "read whole: entries and indexes as built")


def _unlike_the_record(listed: tuple[library_care.LabLibrary, ...]) -> list[str]:
    return [
        f"{each.name} {each.version}: {each.problem}"
        for each in listed
        if each.problem and not each.problem.startswith("withdrawn")
    ]


def _told(listed: tuple[library_care.LabLibrary, ...], troubles: list[str], sound: str) -> Check:
    if troubles:
        todo = "`fol library verify NAME` says more; `fol library reindex NAME` builds an index."
        return _warn("libraries", "; ".join(troubles[:5]), todo)
    if not listed:
        return _warn("libraries", "none installed", "fol library import PATH --name NAME")
    return _ok("libraries", f"{len(listed)} versions {sound}")


def _instruments(lab: Lab) -> Check:
    from lims import bench_instruments, holds, instrument_standing

    devices = bench_instruments.instruments(lab)
    now = clock.now()
    troubles = [
        reason
        for device in devices
        for reason in (
            each.reason
            for each in instrument_standing.condition(lab.db, device, now).aspects
            if each.reason
        )
    ]
    held = holds.holds(lab)
    if held:
        said = f"results are held: {'; '.join(f'{h.number} ({h.cause})' for h in held[:5])}"
        return _warn("instruments", said, "Repeat the control, or see `fol control holds`.")
    if troubles:
        todo = "Run the standard: fol instrument verify, then fol instrument checks."
        return _warn("instruments", "; ".join(troubles[:5]), todo)
    return _ok("instruments", f"{len(devices)} on record, nothing overdue, nothing held")


def _outbox(lab: Lab) -> Check:
    items = outbox.items(lab)
    parked = [item for item in items if item.state.value == "parked"]
    waiting = outbox.pending(lab)
    if parked:
        return _warn("outbox", f"{len(parked)} reports need a person", "See `fol outbox`.")
    if waiting:
        age = max(timedelta(0), clock.now() - min(item.queued_at for item in waiting))
        said = f"{len(waiting)} reports wait, the oldest for {age.total_seconds() / 3600:.1f} hours"
        return _warn("outbox", said, "fol push") if age > _OLD_OUTBOX else _ok("outbox", said)
    return _ok("outbox", f"nothing waits, {len(items)} reports issued")


def _backup(lab: Lab) -> Check:
    at = records.value(lab.db, "SELECT max(at) FROM event WHERE kind='backup.made'")
    if at is None:
        return _warn("backup", "never backed up", "fol backup DIR, on another disk, every night.")
    age = clock.now() - records.moment(str(at))
    said = f"last made {at}"
    return _warn("backup", said, "fol backup DIR") if age > _OLD_BACKUP else _ok("backup", said)


def _compiled(_: Lab) -> Check:
    if find_spec("numba") is None:
        return _warn("compiled search", "numba is not installed", "Searches run, only slower.")
    cache = os.environ.get("NUMBA_CACHE_DIR")
    place = Path(cache) if cache else None
    if place is not None and not os.access(place if place.exists() else place.parent, os.W_OK):
        todo = "Make it writable, or the first search compiles again after each start."
        return _warn("compiled search", f"the cache {place} cannot be written", todo)
    return _ok("compiled search", "numba is there")


def _readers() -> tuple[Check, ...]:
    checks = []
    for module, what, extra in _READERS:
        name = f"reader: {what}"
        if find_spec(module) is not None:
            checks.append(_ok(name, f"{module} is installed"))
        else:
            todo = (
                f"pip install 'fol-lims[{extra}]' if the lab gets such files."
                if extra
                else (f"pip install {module}")
            )
            checks.append(_warn(name, f"{module} is not installed", todo))
    return tuple(checks)
