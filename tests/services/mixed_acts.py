"""Real acts of a lab, one after another, as a bench makes them; and a process that writes them
while its disk keeps a diary.

Knows the record's public functions only.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from instruments import registry, sandbox
from lims import audit, custody, examination, intake, outbox, sqlite
from lims.lab import Lab, open_lab
from lims.model import SampleDraft, ShipmentDraft
from tests.lims_builders import a_file, a_lab, a_match, an_entry
from tests.services.watched_disk import Switches

REOPENED_EVERY = 37


class Bench:
    """Does act after act in one lab; each is repeatable by its key.

    Parameters
    ----------
    lab : Lab
    folder : Path
        Where instrument files are written before they are taken.
    name : str
        Begins every key, so that several benches can write into one lab.
    """

    def __init__(self, lab: Lab, folder: Path, name: str = "") -> None:
        sandbox.read_guarded_bytes = registry.read_bytes  # the guarded child has its own tests
        self.lab, self.folder, self.name = lab, folder, name
        self._shipment, self._sample = "", ""
        self._steps = (
            self._receive, self._sample_it, self._run, self._shelve, self._report, self._checkpoint,
        )  # fmt: skip

    def do(self, turn: int) -> str:
        """Do the act of a turn and return its key; empty for one that has none."""
        number, step = divmod(turn, len(self._steps))
        return self._steps[step](f"{self.name}{number}")

    def _receive(self, name: str) -> str:
        draft = ShipmentDraft(declared_goods=f"pigment {name}")
        key = f"shipment-{name}"
        self._shipment = intake.add_shipment(self.lab, "olga", draft, key=key).number
        return key

    def _sample_it(self, name: str) -> str:
        powder = SampleDraft(description="white powder", seal=f"S{name}")
        key = f"sample-{name}"
        self._sample = intake.add_sample(self.lab, "ana", self._shipment, powder, key=key).number
        return key

    def _run(self, name: str) -> str:
        path = a_file(self.folder, f"{name or 'run'}.jdx", title=f"run {name}")
        match = a_match(an_entry("match", "xylazine"))
        key = f"run-{name}"
        examination.ingest(self.lab, "ana", path, self._sample, match=match, key=key)
        return key

    def _shelve(self, name: str) -> str:
        key = f"shelf-{name}"
        custody.transfer(
            self.lab,
            self._sample,
            giver="ana",
            taker="place:shelf 1",
            actor="ana",
            seal=f"S{name}",
            key=key,
        )
        return key

    def _report(self, name: str) -> str:
        key = f"report-{name}"
        outbox.queue(self.lab, "lee", f"R{name}", "daily", name.encode() * 900, b"s", key=key)
        return key

    def _checkpoint(self, name: str) -> str:
        audit.checkpoint(self.lab, "lee")
        return ""


def record(folder: Path, journal: str, synchronous: str, count: int) -> None:
    """Write ``count`` acts into a new lab; leave ``start``, ``lab`` and the ``diary`` between.

    ``synchronous`` replaces the product's own setting on every connection, unless it is empty.
    """
    if journal == "delete":
        sqlite.safe_for_wal = lambda _: False
    if synchronous:
        _weaken(synchronous)
    (folder / "bench").mkdir()
    a_lab(folder / "lab").close()
    shutil.copytree(folder / "lab", folder / "start")
    disk = Switches(folder / "lab")
    disk.keep_diary(folder / "diary")
    bench = Bench(open_lab(folder / "lab"), folder / "bench")
    for turn in range(count):
        bench.do(turn)
        size = bench.lab.db.execute("SELECT size FROM log_head").fetchone()[0]
        disk.mark(str(size))  # from here on a person was told: events up to this one are there
        if turn % REOPENED_EVERY == REOPENED_EVERY - 1:  # the last to close writes the WAL back
            bench.lab.close()
            bench.lab = open_lab(folder / "lab")
    bench.lab.close()
    disk.keep_diary(None)


def _weaken(synchronous: str) -> None:
    prepared = sqlite._prepared

    def weakened(connection, **how):
        database = prepared(connection, **how)
        if not how["read_only"]:
            connection.execute(f"PRAGMA synchronous={synchronous}")
        return database

    sqlite._prepared = weakened


if __name__ == "__main__":
    record(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]))
