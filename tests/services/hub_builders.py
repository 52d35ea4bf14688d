"""Labs, days and signed reports for the hub's tests."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lims import clock
from lims.lab import Lab, create_lab
from lims.model import Person, ReportRow, Role
from reports import daily, encode
from reports.document import Issue
from reports.hub_store import SqliteHubStore
from reports.hub_verify import Receipt, Received, receive
from tests.unit.reports.builders import facts

DAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
LEAD = "lead1"


def known(name: str) -> bool:
    """The hub's vocabulary in these tests: everything but names that say they are unknown."""
    return not name.startswith("unknown")


@contextmanager
def at_moment(moment: datetime = NOW) -> Iterator[None]:
    with clock.running_from(lambda: moment):
        yield


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A laboratory that exists only as a key and its reports."""

    name: str
    key: Ed25519PrivateKey

    @property
    def public(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    def body(
        self,
        rows: list[ReportRow],
        *,
        day: date = DAY,
        sequence: int = 1,
        issue: Issue | None = None,
        change: Callable[[dict[str, Any]], None] | None = None,
    ) -> bytes:
        report = daily.compose(rows, [], day, facts(site=self.name, name=f"Laboratory {self.name}"))
        number = f"{self.name}-{day}-d"
        report = daily.issued(report, issue or Issue(report_id=number, sequence=sequence))
        if change is None:
            return encode.to_json(report)
        document = json.loads(encode.to_json(report))
        change(document)
        return encode.canonical(document)

    def arrived(self, body: bytes, **more: Any) -> Received:
        values = {"body": body, "lab": self.name, "signature": self.key.sign(body), **more}
        return Received(**values)

    def send(self, store: SqliteHubStore, body: bytes, **more: Any) -> Receipt:
        return receive(store, self.arrived(body, **more), known)


def a_site(name: str, store: SqliteHubStore | None = None) -> Site:
    site = Site(name=name, key=Ed25519PrivateKey.generate())
    if store is not None:
        store.enroll(name, f"Laboratory {name}", site.public)
    return site


def a_lab(folder: Path, site: str = "NOG") -> Lab:
    return create_lab(
        folder,
        site=site,
        name="Nogales",
        timezone="UTC",
        founder=Person(id=LEAD, name="Lee Lead", roles=frozenset({Role.LEAD, Role.ANALYST})),
    )


def day_before(days: int) -> date:
    return DAY - timedelta(days=days)
