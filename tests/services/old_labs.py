"""Labs as earlier software left them: its schema, the events of its time, the rows they gave.

A history is written by today's acts, the fields that its time did not know are taken out of the
events, and the rows that follow are poured into the first so many numbered steps.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from lims import audit, conclusion, disposition, events, migrate, quarantine, records, sqlite, store
from lims.lab import DATABASE_NAME, open_lab
from tests.lims_builders import a_finding, a_lab, a_sample, an_entry
from tests.services.mixed_acts import Bench
from tests.services.watched_disk import Switches

CAME_LATER = {
    2: frozenset(("instrument", "mapping_version")),
    9: frozenset(("confirmed", "on_behalf", "occurred_at", "container", "parent")),
    10: frozenset(("limitations", "tests")),
    15: frozenset(("unverified",)),
}
"""By schema, the fields that events of kinds known before it gained with it."""


def history(folder: Path) -> Path:
    """Write a lab by today's acts, of kinds that the first schema knew, and return its folder."""
    bench = folder / "bench"
    bench.mkdir()
    lab = a_lab(folder / "now")
    doing = Bench(lab, bench)
    for turn in range(11):
        doing.do(turn)
    sample = a_sample(lab)
    entry = an_entry("match", "xylazine", hazard="H1")
    a_finding(lab, bench, sample.number, entry, reviewed=True)
    conclusion.conclude(lab, "ana", sample.number)
    for data in (b"one", b"two", b"three"):
        quarantine.keep(lab, "ana", "x.bin", data, "no format", sample=sample.number)
    disposition.seize(lab, "olga", sample.shipment, "declared pigment")
    lab.close()
    return folder / "now"


def older(now: Path, schema: int, folder: Path) -> Path:
    """Return the folder of the same lab as software of an earlier schema left it."""
    shutil.copytree(now, folder)
    (folder / DATABASE_NAME).unlink()
    then = folder / "then.db"
    _of_its_time(now, then, schema)
    _poured(then, folder / DATABASE_NAME, schema)
    then.unlink()
    return folder


def _of_its_time(now: Path, then: Path, schema: int) -> None:
    """Chain the events anew without the fields that came later, under today's schema."""
    unknown = frozenset().union(*(names for step, names in CAME_LATER.items() if step > schema))
    lab = open_lab(now)
    store.create(then)
    opened = store.Store(then)
    with opened.writing() as database:
        for event in audit.events(lab, 0, 10_000):
            events.append(
                database,
                lab_id=lab.lab_id,
                actor=event.actor,
                kind=event.kind,
                body={name: value for name, value in event.body.items() if name not in unknown},
                at=records.moment(event.at),
                key=event.key,
            )
        for row in lab.db.execute("SELECT sha256, body FROM document").fetchall():
            database.conn.execute("INSERT INTO document(sha256, body) VALUES(?,?)", tuple(row))
    opened.close()
    lab.close()


def _poured(then: Path, target: Path, schema: int) -> None:
    """Dump the rows of tables that the schema has, in the columns it has, into a new file."""
    source, old = sqlite.connect(then), sqlite.create(target)
    for number, text in migrate.steps()[:schema]:
        old.conn.executescript(f"BEGIN;\n{text}\nPRAGMA user_version={number};\nCOMMIT;")
    old.execute("PRAGMA foreign_keys=OFF")
    tables = old.execute("SELECT name FROM sqlite_schema WHERE type='table'").fetchall()
    for (table,) in tables:
        columns = [str(row[1]) for row in old.execute(f"PRAGMA table_info({table})").fetchall()]
        names, marks = ", ".join(columns), ", ".join("?" * len(columns))
        rows = source.execute(f"SELECT {names} FROM {table} ORDER BY 1").fetchall()
        old.conn.executemany(f"INSERT INTO {table}({names}) VALUES({marks})", rows)
    old.conn.commit()
    old.close()
    source.close()


def migrate_with_a_diary(folder: Path, journal: str) -> None:
    """Open the old lab in ``folder/lab`` on a disk that keeps a diary."""
    if journal == "delete":
        sqlite.safe_for_wal = lambda _: False
    disk = Switches(folder / "lab")
    disk.keep_diary(folder / "diary")
    open_lab(folder / "lab").close()
    disk.keep_diary(None)


if __name__ == "__main__":
    migrate_with_a_diary(Path(sys.argv[1]), sys.argv[2])
