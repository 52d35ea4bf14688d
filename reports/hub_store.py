"""What a hub keeps: labs and their keys, every report as received, its rows, alarms and flags.

Reports are append-only. This is `reports.hub_model.HubStore` in one SQLite file of the hub folder;
another engine implements the same protocol.
"""

from __future__ import annotations

import importlib
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lims import clock
from lims.clock import stamp
from lims.errors import ConfigError, NotFoundError
from reports import hub_schema, hub_unknown_store
from reports.errors import ReportError
from reports.hub_answer_store import SqliteAnswerShelf
from reports.hub_model import (
    Alarm,
    EnrolledLab,
    HubCode,
    NewReport,
    StoredReport,
    StoredRow,
    StoredUnknown,
)

if TYPE_CHECKING:
    from sqlite_utils import Database

FILE = "hub.db"
ALARMS_KEPT = 1_000
"""Of one lab and code. Anybody can knock; nobody may fill the disk by knocking."""


class SqliteHubStore:
    """The hub's database in one SQLite file, used by one process and any of its threads."""

    def __init__(self, folder: Path) -> None:
        from sqlite_utils import Database

        path = folder / FILE
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._lock = threading.RLock()
        connection = _driver().connect(
            str(path), isolation_level=None, check_same_thread=False, timeout=10.0
        )
        self._db: Database = Database(connection)
        # Rollback journal, directory synchronised: what was acknowledged outlives the power.
        for pragma in ("journal_mode=DELETE", "synchronous=EXTRA", "foreign_keys=ON",
                       "recursive_triggers=ON", "trusted_schema=OFF"):  # fmt: skip
            connection.execute(f"PRAGMA {pragma}")
        self._prepare(path)

    def _prepare(self, path: Path) -> None:
        version = int(self._db.execute("PRAGMA user_version").fetchone()[0])
        if version > hub_schema.VERSION:
            raise ConfigError(
                f"{path} was written by newer software (schema {version}; this one knows "
                f"{hub_schema.VERSION})",
                hint="Install the newer version of fol-lims on the hub.",
            )
        if version < hub_schema.VERSION:
            with self._writing():
                # Asked again inside: another process may have done it meanwhile.
                version = int(self._db.execute("PRAGMA user_version").fetchone()[0])
                for script in hub_schema.SCRIPTS[version:]:
                    for statement in _statements(script):
                        self._db.conn.execute(statement)
                self._db.conn.execute(f"PRAGMA user_version={hub_schema.VERSION}")

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._lock:
            self._db.conn.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.conn.execute("COMMIT")
            finally:
                if self._db.conn.in_transaction:
                    self._db.conn.rollback()

    def _rows(self, sql: str, *parameters: object) -> list[dict[str, Any]]:
        with self._lock:
            return list(self._db.query(sql, list(parameters)))

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def enroll(self, site: str, name: str, public_key: bytes) -> EnrolledLab:
        """Put a lab's public key on file; the same key again changes nothing.

        Raises
        ------
        ConfigError
            Another key is on file for this site, the key is not 32 bytes, or the site is malformed.
        """
        if len(public_key) != 32:
            raise ConfigError(
                f"a public key has 32 bytes, this one has {len(public_key)}",
                hint="Use the file keys/lab.ed25519.pub of the lab's folder.",
            )
        if not (2 <= len(site) <= 6 and site.isascii() and site.isalnum() and site == site.upper()):
            raise ConfigError(
                f"{site[:40]!r} cannot be a site: two to six capital letters or digits"
            )
        with self._writing():
            known = self.lab(site)
            if known is not None:
                if known.public_key != public_key:
                    raise ConfigError(
                        f"another key is on file for {site} since {known.enrolled_at}",
                        hint="Ask the lab in person. A key on file is never exchanged silently.",
                    )
                return known
            values = (site, name, public_key, stamp(clock.now()))
            self._db.conn.execute(
                "INSERT INTO lab(site, name, public_key, enrolled_at) VALUES(?,?,?,?)", values
            )
        enrolled = self.lab(site)
        if enrolled is None:
            raise ReportError(f"{site} was enrolled and is not on file")
        return enrolled

    def labs(self) -> list[EnrolledLab]:
        """Return every enrolled lab, by site."""
        return [EnrolledLab(**row) for row in self._rows("SELECT * FROM lab ORDER BY site")]

    def lab(self, site: str) -> EnrolledLab | None:
        """Return a lab, or None."""
        found = self._rows("SELECT * FROM lab WHERE site=?", site)
        return EnrolledLab(**found[0]) if found else None

    def report(self, report_id: str) -> StoredReport | None:
        """Return a report on file, or None."""
        return _first(self._rows(f"SELECT {_COLUMNS} FROM report WHERE report_id=?", report_id))

    def with_sequence(self, lab: str, sequence: int) -> StoredReport | None:
        """Return the report of a lab that has this sequence number, or None."""
        return _first(
            self._rows(f"SELECT {_COLUMNS} FROM report WHERE lab=? AND sequence=?", lab, sequence)
        )

    def reports(self, lab: str = "") -> list[StoredReport]:
        """Return the reports on file in the order received, of one lab or of all."""
        found = self._rows(
            f"SELECT {_COLUMNS} FROM report WHERE ?='' OR lab=? ORDER BY id", lab, lab
        )
        return [_stored(row) for row in found]

    def count(self) -> int:
        """Return how many reports are on file, corrections included."""
        return int(self._rows("SELECT count(*) AS n FROM report")[0]["n"])

    def body(self, report_id: str) -> bytes:
        """Return the exact bytes of a report as received.

        Raises
        ------
        NotFoundError
        """
        found = self._rows("SELECT body FROM report WHERE report_id=?", report_id)
        if not found:
            raise NotFoundError(f"no report {report_id[:60]!r} was received")
        return bytes(found[0]["body"])

    def add(self, report: NewReport) -> int:
        """Store a report with its rows in one transaction and return its number."""
        columns = [
            "report_id",
            "lab",
            "sequence",
            "kind",
            "day",
            "supersedes",
            "complete",
            "sha256",
            "body",
            "signature",
            "totals",
            "reason",
            "corrections",
            "period_end",
            "received_at",
            "skew_s",
        ]
        values = (
            report.report_id, report.lab, report.sequence, report.kind, report.day,
            report.supersedes, int(report.complete), report.sha256, report.body, report.signature,
            json.dumps(report.totals), report.reason, json.dumps(report.corrections),
            report.period_end, stamp(clock.now()), report.skew_s,
        )  # fmt: skip
        with self._writing():
            marks = ",".join("?" * len(columns))
            cursor = self._db.conn.execute(
                f"INSERT INTO report({','.join(columns)}) VALUES({marks})", values
            )
            number = int(cursor.lastrowid or 0)
            self._db.conn.executemany(
                "INSERT INTO sample_row(report, position, sample, concluded, quarantined, body) "
                "VALUES(?,?,?,?,?,?)",
                [
                    (number, position, row["sample"], int(row["concluded_at"] is not None),
                     names, json.dumps(row, ensure_ascii=False))
                    for position, (row, names) in enumerate(
                        zip(report.rows, report.quarantined, strict=True)
                    )
                ],
            )  # fmt: skip
            hub_unknown_store.add(
                self._db.conn, number, report.lab, report.unknowns, stamp(clock.now())
            )
        return number

    def rows_in_force(self, until_day: str) -> Iterator[StoredRow]:
        """Yield the rows of the reports in force up to a day: per lab and day the latest number.

        A corrected report stays on file and no longer counts; nor does a retracted one.
        """
        sql = (
            "SELECT r.lab, r.day, r.report_id, s.concluded, s.quarantined, s.body "
            "FROM (SELECT lab, day, max(sequence) AS top FROM report WHERE day<=? "
            "GROUP BY lab, day) f JOIN report r ON r.lab=f.lab AND r.sequence=f.top "
            "JOIN sample_row s ON s.report=r.id ORDER BY r.day, r.lab, s.position"
        )
        with self._lock:
            for lab, day, report_id, concluded, quarantined, body in self._db.execute(
                sql, [until_day]
            ):
                yield StoredRow(
                    lab=lab,
                    day=day,
                    report_id=report_id,
                    concluded=bool(concluded),
                    quarantined=quarantined,
                    body=json.loads(body),
                )

    def unknowns_in_force(self, until_day: str) -> list[StoredUnknown]:
        """Return what the reports in force up to a day say of unknowns, oldest first."""
        return hub_unknown_store.stored(iter(self._rows(hub_unknown_store.IN_FORCE, until_day)))

    def unknown_codes(self) -> list[HubCode]:
        """Return the hub's codes of the labs' clusters."""
        rows = self._rows("SELECT * FROM unknown_code ORDER BY serial, lab, lab_code")
        return hub_unknown_store.codes(iter(rows), self.shelf.merges())

    @property
    def shelf(self) -> SqliteAnswerShelf:
        """What was answered to labs, and which codes were merged."""
        return SqliteAnswerShelf(self._rows, self._writing, self._db.conn)

    def alarm(self, lab: str, code: str, report_id: str, detail: str) -> None:
        """Write down something to look at; of one lab and code no more than a thousand are kept."""
        with self._writing():
            self._db.conn.execute(
                "INSERT INTO alarm(at, lab, code, report_id, detail) SELECT ?,?,?,?,? "
                "WHERE (SELECT count(*) FROM alarm WHERE lab=? AND code=?) < ?",
                (stamp(clock.now()), lab[:60], code, report_id[:80], detail[:500],
                 lab[:60], code, ALARMS_KEPT),
            )  # fmt: skip

    def alarms(self) -> list[Alarm]:
        """Return all alarms, oldest first."""
        return [
            Alarm(**row)
            for row in self._rows("SELECT at, lab, code, report_id, detail FROM alarm ORDER BY id")
        ]

    def accept_name(self, name: str, by: str) -> None:
        """Take a substance name into the vocabulary; rows held for it count from now on."""
        with self._writing():
            self._db.conn.execute(
                "INSERT OR IGNORE INTO accepted_name(name, by, at) VALUES(?,?,?)",
                (name.casefold(), by, stamp(clock.now())),
            )

    def accepted_names(self) -> frozenset[str]:
        """Return the names accepted here beyond the substance table, in lower case."""
        return frozenset(row["name"] for row in self._rows("SELECT name FROM accepted_name"))

    def add_flag(self, by: str, lab: str, sample: str, reason: str) -> None:
        """Write down that a liaison flagged a sample."""
        with self._writing():
            self._db.conn.execute(
                "INSERT INTO flag(at, by, lab, sample, reason) VALUES(?,?,?,?,?)",
                (stamp(clock.now()), by, lab, sample, reason),
            )

    def flags(self) -> list[dict[str, Any]]:
        """Return all flags, oldest first."""
        return self._rows("SELECT at, by, lab, sample, reason FROM flag ORDER BY id")


_COLUMNS = (
    "id, report_id, lab, sequence, kind, day, supersedes, complete, sha256, totals, reason, "
    "corrections, period_end, received_at, skew_s"
)


@contextmanager
def opened(folder: Path) -> Iterator[SqliteHubStore]:
    """Open the hub's store for the block."""
    store = SqliteHubStore(folder)
    try:
        yield store
    finally:
        store.close()


def _driver() -> Any:
    return importlib.import_module("sqlite_utils.utils").sqlite3


def _first(found: Sequence[dict[str, Any]]) -> StoredReport | None:
    return _stored(found[0]) if found else None


def _stored(row: dict[str, Any]) -> StoredReport:
    return StoredReport(
        **{
            **row,
            "complete": bool(row["complete"]),
            "totals": json.loads(row["totals"]),
            "corrections": tuple(json.loads(row["corrections"])),
        }
    )


def _statements(script: str) -> Iterator[str]:
    """Yield the statements of a script; a trigger's body keeps its semicolons."""
    statement = ""
    for line in script.splitlines():
        statement += line + "\n"
        if _driver().complete_statement(statement):
            yield statement
            statement = ""
