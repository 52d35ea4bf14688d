"""Acts of a lab on a disk that fails at the nth call of a kind, each in a process of its own.

Started under the shim. Prints one JSON line a fault: what the person was told, whether the record
could still be read, what was in it afterwards, and what repeating the act on a mended disk gave.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from instruments import raw, registry, sandbox
from lims import audit, backup, clock, examination, intake, pickup, queries, sqlite
from lims.lab import Lab, open_lab
from lims.model import ShipmentDraft
from reports import publish
from spectra.errors import LabError
from tests.lims_builders import a_file, a_lab, a_match, a_sample, an_entry
from tests.services.watched_disk import Kind, Switches

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
MATCH = a_match(an_entry("match", "xylazine"))


def _append(lab: Lab, _: Path) -> None:
    intake.add_shipment(lab, "olga", ShipmentDraft(declared_goods="sand"), key="the-act")


def _run(lab: Lab, bench: Path) -> None:
    sample = queries.work_page(lab, 0, 1)[0].sample
    examination.ingest(lab, "ana", bench / "a.jdx", sample, match=MATCH, key="the-act")


def _import(lab: Lab, bench: Path) -> None:
    sample = queries.work_page(lab, 0, 1)[0].sample
    if pickup.pick_up(lab, "ana", bench / "a.jdx", folders=[sample], match=MATCH) is None:
        raise RuntimeError("not settled")


def _quarantine(lab: Lab, bench: Path) -> None:
    if pickup.pick_up(lab, "ana", bench / "a.jdx", match=MATCH) is None:
        raise RuntimeError("not settled")


def _backup(lab: Lab, bench: Path) -> None:
    backup.back_up(lab, "lee", lab.folder.parent / "backups")


def _publish(lab: Lab, _: Path) -> None:
    publish.publish_daily(lab, "lee", date(2026, 11, 23))


ACTS: dict[str, tuple[Callable[[Lab, Path], None], str]] = {
    "append": (_append, "shipment.received"),
    "run": (_run, "run.recorded"),
    "import": (_import, "run.recorded"),
    "quarantine": (_quarantine, "file.quarantined"),
    "backup": (_backup, "backup.made"),
    "publish": (_publish, "outbox.queued"),
}
"""Name to what is done and the kind of the event it writes once."""

THREADED = frozenset(("publish",))
"""Acts whose libraries start threads of their own, which a forked process would wait for."""

LONGEST_S = 60


class Case:
    """A copy of the template on the failing disk, and one act on it."""

    def __init__(self, folder: Path, act: str) -> None:
        self.folder, self.bench = folder / "disk", folder / "bench"
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(folder / "template", self.folder)
        self.act, self.kind = ACTS.get(act, (_append, ""))
        self.disk = Switches(self.folder)

    def counts(self) -> dict[Kind, int]:
        """Do the act undisturbed and return how many calls of each kind it makes."""
        lab = open_lab(self.folder / "lab")
        self.disk.mend()
        self.act(lab, self.bench)
        found = {kind: self.disk.seen(kind) for kind in Kind}
        lab.close()
        return found

    def suffered(self, break_it: Callable[[Switches], None]) -> dict[str, Any]:
        """Do the act with a fault, look, mend the disk, begin again."""
        lab = open_lab(self.folder / "lab")
        before = self._size(lab)
        break_it(self.disk)
        told = self._told(lab)
        reads = _reads(lab)
        self.disk.mend()
        lab.close()
        lab = open_lab(self.folder / "lab")
        after = self._size(lab)
        again = self._told(lab)
        once = [event for event in audit.events(lab, before, 10_000) if event.kind == self.kind]
        report = audit.verify(lab)
        left = [f"{each.path.name}: {each.problem}" for each in raw.verify(lab.raw_folder)]
        lab.close()
        return {
            "told": told,
            "reads": reads,
            "grew": after - before,
            "again": again,
            "written": len(once),
            "problems": [*report.problems, *left],
        }

    def _told(self, lab: Lab) -> dict[str, str]:
        return _told(lambda: self.act(lab, self.bench))

    def _size(self, lab: Lab) -> int:
        return int(lab.db.execute("SELECT size FROM log_head").fetchone()[0])


class Opening(Case):
    """The same for opening the lab, which writes no event."""

    def counts(self) -> dict[Kind, int]:
        self.disk.mend()
        self._open()
        return {kind: self.disk.seen(kind) for kind in Kind}

    def suffered(self, break_it: Callable[[Switches], None]) -> dict[str, Any]:
        break_it(self.disk)
        told = _told(self._open)
        self.disk.mend()
        again = _told(self._open)
        lab = open_lab(self.folder / "lab")
        problems = list(audit.verify(lab).problems)
        lab.close()
        return {"told": told, "again": again, "problems": problems}

    def _open(self) -> None:
        lab = open_lab(self.folder / "lab")
        try:
            queries.shipments(lab)
        finally:
            lab.close()


def _told(work: Callable[[], object]) -> dict[str, str]:
    try:
        work()
    except LabError as error:
        return {"error": type(error).__name__, "text": error.message, "hint": error.hint}
    return {"error": ""}


def _reads(lab: Lab) -> bool:
    try:
        return len(queries.shipments(lab)) >= 1
    except LabError:
        return False


def faults(counts: dict[Kind, int], most: int) -> list[tuple[str, Callable[[Switches], None]]]:
    """Return faults for an act that makes so many calls, of each kind about ``most``."""
    found: list[tuple[str, Callable[[Switches], None]]] = []
    for kind in Kind:
        error = errno.ENOSPC if kind is Kind.NAME else errno.EIO
        for nth in _some(counts[kind], most):
            for for_good in (False, True):
                name = f"{kind.name.lower()} {nth}{' and on' if for_good else ''}"
                found.append((name, _failing(kind, nth, error, for_good)))
    found += [(f"room {size}", _roomless(size)) for size in (0, 3_000, 20_000, 70_000)]
    found.append(("read-only", lambda disk: disk.read_only(True)))
    return found


def _some(count: int, most: int) -> list[int]:
    step = max(1, -(-count // most))
    return sorted({*range(1, count + 1, step), count} - {0})


def _failing(kind: Kind, nth: int, error: int, for_good: bool) -> Callable[[Switches], None]:
    return lambda disk: disk.fail(kind, nth, error, for_good=for_good)


def _roomless(size: int) -> Callable[[Switches], None]:
    return lambda disk: disk.room(size)


def _template(folder: Path) -> None:
    (folder / "template").mkdir()
    (folder / "bench").mkdir()
    lab = a_lab(folder / "template" / "lab")
    a_sample(lab)
    lab.close()
    a_file(folder / "bench")


def _apart(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Do something in a forked process, so that no fault outlives it; return what it says."""
    reading, writing = os.pipe()
    process = os.fork()
    if not process:
        signal.alarm(LONGEST_S)
        try:
            os.write(writing, json.dumps(work()).encode())
            os._exit(0)
        finally:
            sys.excepthook(*sys.exc_info())
            os._exit(1)
    os.close(writing)
    parts = []
    while part := os.read(reading, 65_536):
        parts.append(part)
    os.close(reading)
    ended = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    return json.loads(b"".join(parts)) if not ended else {"crashed": ended}


def suffer(folder: Path, act: str, journal: str, most: int) -> None:
    """Try one act with every fault."""
    if journal == "delete":
        sqlite.safe_for_wal = lambda _: False
    sandbox.read_guarded_bytes = registry.read_bytes  # the guarded child has its own tests
    with clock.running_from(lambda: NOON):
        _template(folder)
        case = Opening if act == "open" else Case
        if act not in THREADED:
            case(folder, act).counts()  # loads, for every process forked from here, what it needs
        counts = _apart(lambda: {k.name: v for k, v in case(folder, act).counts().items()})
        for name, fault in faults({kind: counts[kind.name] for kind in Kind}, most):
            found = _apart(lambda fault=fault: case(folder, act).suffered(fault))
            sys.stdout.write(json.dumps({"fault": name, **found}) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    suffer(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]))
