"""Which events and files of the log belong to one sample, and which would tell of others.

An event that names the sample together with another sample is withheld: its place in the log is
proven, its words are not shown. Pure reading; nothing is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lims import canonical, records

if TYPE_CHECKING:
    from sqlite_utils import Database

_NUMBER = re.compile(
    r"(?<![0-9A-Z])(?:[A-Z][A-Z0-9]{1,5}-?\d{2}-?)?([PSA])(\d{6})-?([0-9A-Z])(?![0-9A-Z])",
    re.IGNORECASE,
)
_SHA256 = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_ABOUT_COPIES = frozenset(("bundle.made", "backup.made", "lab.restored"))
_WHOLE_PORT = frozenset(("daily", "correction"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """An issued report that names the sample; ``body`` only when it names no other."""

    report_id: str
    kind: str
    sha256: str
    signature: bytes
    queued_at: str
    body: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What goes into a bundle, by event number and by the SHA-256 of a file."""

    full: frozenset[int]
    withheld: frozenset[int]
    raw: Mapping[str, str]
    """SHA-256 to the folder that keeps it, ``raw`` or ``quarantine``."""
    reports: tuple[Report, ...]


def numbers(text: str) -> frozenset[str]:
    """Return every number of a shipment, sample or alert in a text, as ``S000001K``."""
    return frozenset("".join(found.groups()).upper() for found in _NUMBER.finditer(text))


def choose(database: Database, sample: Mapping[str, Any]) -> Choice:
    """Return what of the record belongs to a sample, given as its row."""
    number = str(sample["number"])
    alerts = records.rows(database, "SELECT id FROM alert WHERE sample=?", number)
    own = numbers(" ".join([number, *(str(row["id"]) for row in alerts)]))
    parcel = numbers(str(sample["shipment"]))
    full, withheld, bodies = _events(database, own, parcel)
    reports = (
        *_reports(database, own | parcel, number),
        *_certificates(database, own | parcel, number),
    )
    full |= _issues(database, {report.report_id for report in reports})
    full |= _background(database, bodies)
    return Choice(
        full=frozenset(full),
        withheld=frozenset(withheld),
        raw=_files(database, number, bodies),
        reports=reports,
    )


def _events(
    database: Database, own: frozenset[str], parcel: frozenset[str]
) -> tuple[set[int], set[int], dict[int, str]]:
    full: set[int] = set()
    withheld: set[int] = set()
    bodies: dict[int, str] = {}
    for seq, kind, body in database.execute("SELECT seq, kind, body FROM event ORDER BY seq"):
        if kind in _ABOUT_COPIES:
            continue
        named = numbers(body)
        if named and named <= own | parcel:
            full.add(int(seq))
            bodies[int(seq)] = body
        elif named & own:
            withheld.add(int(seq))
    return full, withheld, bodies


def _issues(database: Database, report_ids: set[str]) -> set[int]:
    found = database.execute("SELECT seq, body FROM event WHERE kind='outbox.queued'").fetchall()
    return {int(seq) for seq, body in found if canonical.parsed(body)["report_id"] in report_ids}


def _background(database: Database, bodies: Mapping[int, str]) -> set[int]:
    """Return the events that say whose log it is, who acted, and what libraries were compared."""
    words = {word for body in bodies.values() for word in _texts(canonical.parsed(body))}
    marks = set(bodies)
    actors = {
        str(actor)
        for seq, actor in database.execute("SELECT seq, actor FROM event").fetchall()
        if seq in marks
    }
    chosen = {1}
    rows = database.execute(
        "SELECT seq, kind, body FROM event WHERE kind IN "
        "('lab.created','person.added','person.changed','library.imported','instrument.added')"
    ).fetchall()
    for seq, kind, body in rows:
        said = canonical.parsed(body)
        if numbers(body):
            continue
        names = {
            "person.added": {said.get("id")},
            "person.changed": {said.get("id")},
            "library.imported": {said.get("content_sha256")},
            "instrument.added": {said.get("name")},
        }
        if kind == "lab.created" or names[kind] & (actors | words):
            chosen.add(int(seq))
    return chosen


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _files(database: Database, number: str, bodies: Mapping[int, str]) -> dict[str, str]:
    named = {found for body in bodies.values() for found in _SHA256.findall(body)}
    kept: dict[str, str] = {}
    for sha256 in sorted(named):
        runs = records.rows(database, "SELECT sample FROM run WHERE raw_sha256=?", sha256)
        photos = records.rows(
            database,
            "SELECT subject FROM photo WHERE raw_sha256=?1 "
            "UNION SELECT subject FROM attachment WHERE raw_sha256=?1",
            sha256,
        )
        waiting = records.rows(database, "SELECT sample FROM quarantine WHERE raw_sha256=?", sha256)
        if any(row["sample"] == number for row in runs) or photos:
            kept[sha256] = "raw"
        elif runs:
            continue  # a blank that is another sample's run: named by its hash, not shown
        elif any(row["sample"] == number for row in waiting):
            kept[sha256] = "quarantine"
    return kept


def _reports(database: Database, own: frozenset[str], number: str) -> Iterator[Report]:
    rows = database.execute(
        "SELECT o.report_id, o.kind, o.sha256, o.signature, o.queued_at, d.body "
        "FROM outbox o JOIN document d USING(sha256) ORDER BY o.seq"
    )
    for report_id, kind, sha256, signature, queued_at, body in rows:
        if number.encode() not in body:
            continue
        named = numbers(bytes(body).decode("utf-8", "replace"))
        alone = kind not in _WHOLE_PORT and named <= own
        yield Report(
            report_id=str(report_id),
            kind=str(kind),
            sha256=str(sha256),
            signature=bytes(signature),
            queued_at=str(queued_at),
            body=bytes(body) if alone else None,
        )


def _certificates(database: Database, own: frozenset[str], number: str) -> Iterator[Report]:
    """Yield the issued reports on the sample, those amended or withdrawn since among them."""
    rows = database.execute(
        "SELECT c.number, c.document_sha256, c.signature, c.issued_at, d.body FROM certificate c "
        "JOIN certificate_sample s USING(number) JOIN document d ON d.sha256=c.document_sha256 "
        "WHERE s.sample=? ORDER BY c.seq",
        [number],
    )
    for report_id, sha256, signature, issued_at, body in rows:
        named = numbers(bytes(body).decode("utf-8", "replace"))
        yield Report(
            report_id=str(report_id),
            kind="certificate",
            sha256=str(sha256),
            signature=bytes.fromhex(signature),
            queued_at=str(issued_at),
            body=bytes(body) if named <= own else None,
        )
