"""A laboratory with a long past, for timing: made through the real services and event code.

Some weeks are played through the services themselves; their cases, event for event, are then
written again and again under new numbers through `lims.events.append`. Deterministic but for keys,
event ids and the lab's own id.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.record_office import furnish
from lims import (
    alerts,
    audit,
    clock,
    conclusion,
    confirmations,
    custody,
    disposition,
    events,
    examination,
    ids,
    intake,
    keys,
    lab,
    outbox,
    people,
    quarantine,
    review,
)
from lims.lab import Lab
from lims.model import Person, Role, SampleDraft, ShipmentDraft
from spectra.spectrum import Technique
from tui.demo import bench, cast, history

A_DAY = 300
"""Samples a day: a busy courier hub."""

WORKED = 6
"""Parcels that are played with every hand-over, opening, portion, resealing and note."""

GOODS = (
    "bath salts", "organic pigment set", "plaster figures", "silicon dioxide", "car parts",
    "vitamin tablets", "tea", "clothing", "cosmetics", "printer toner", "ceramic tiles", "toys",
    "dried herbs", "protein powder", "phone cases", "documents", "candles", "shoes", "books",
)  # fmt: skip
LOOKS = ("white powder", "off-white powder", "crystals", "blue tablets", "brown resin", "liquid")
NAMES = ("Quill", "Osprey", "Larch", "Tansy", "Umber", "Vesper", "Wren", "Yarrow", "Zephyr", "Nile")

# Of a hundred copies of a case this many stop early: where a parcel stands on the shelf.
STOPS = (("sample.received", 30), ("finding.submitted", 4), ("finding.reviewed", 4))
UNSEEN = 2
"""Of a hundred notices this many wait for their reader."""

BATCH = 5_000
"""Copies written in one transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The events of one parcel, its numbers replaced by marks."""

    events: tuple[tuple[str, str, str], ...]
    """Kind, actor, body as JSON text."""
    alerts: int


def make(folder: Path, samples: int, say: Callable[[str], None] = lambda _: None) -> datetime:
    """Make a lab of ``samples`` samples in ``folder`` and return the moment after its last event.

    Parameters
    ----------
    folder : Path
        Must not exist, or be empty.
    samples : int
    say : callable
        Told how far it is.
    """
    random = np.random.default_rng(7)
    played = history.PlayedClock(datetime.now(UTC) - timedelta(weeks=cast.WEEKS, days=1))
    made = _played(folder, played, random)
    try:
        cases = tuple(_cases(made))
        say(f"{len(cases)} parcels played through the services")
        moment = max(played.moment, datetime.now(UTC))
        start = int(made.db.execute("SELECT count(*) FROM sample").fetchone()[0])
        for first in range(start, samples, BATCH):
            many = min(BATCH, samples - first)
            moment = _write(made, cases, first + 1, many, moment, random)
            say(f"{first + many:,} of {samples:,} samples")
        played.move_to(moment)
        with clock.running_from(played):
            _around(made, max(1, samples // A_DAY), random)
        return played.moment
    finally:
        made.close()


def _played(folder: Path, played: history.PlayedClock, random: np.random.Generator) -> Lab:
    from lims.library_care import import_library

    founder, name, roles = cast.FOUNDER
    with clock.running_from(played):
        made = lab.create_lab(
            folder,
            site=cast.SITE,
            name=cast.NAME,
            timezone=cast.TIMEZONE,
            founder=Person(id=founder, name=name, roles=roles),
            training=True,
        )
        for person, person_name, person_roles in cast.PEOPLE:
            people.add_person(made, cast.LEAD, person, person_name, frozenset(person_roles))
        with tempfile.TemporaryDirectory() as scratch:
            import_library(
                made,
                cast.LEAD,
                bench.write_library(Path(scratch)),
                name="training",
                licence="made by this project; training, not for casework",
            )
        history.play(made, played, random)
        with tempfile.TemporaryDirectory() as scratch:
            for number in range(WORKED):
                _worked(made, number, Path(scratch), random)
    return made


def _worked(of: Lab, number: int, scratch: Path, random: np.random.Generator) -> None:
    """One parcel with every step that a careful bench records."""
    from instruments.writers import write

    draft = ShipmentDraft(declared_goods="plaster figures", origin="MX", consignor="Quill & Co")
    shipment = intake.add_shipment(of, cast.OFFICER, draft).number
    seal = f"W{number}"
    sample = intake.add_sample(
        of, cast.OFFICER, shipment, SampleDraft(description="powder", seal=seal)
    ).number
    hand = {"giver": cast.OFFICER, "taker": cast.ANALYST, "actor": cast.ANALYST}
    seen = confirmations.here(cast.OFFICER)
    custody.transfer(of, sample, **hand, seal=seal, confirmed=seen)
    custody.open_sample(of, cast.ANALYST, sample, seal=seal)
    portion = intake.add_portion(of, cast.ANALYST, sample, "neat").id
    path = scratch / f"worked-{number}.jdx"
    path.write_bytes(write([bench.measured("xylazine", Technique.FTIR, random)], "jcamp"))
    found = examination.ingest(
        of, cast.ANALYST, path, sample, portion=portion, libraries=("training",)
    )
    for alert in alerts.open_alerts(of):
        alerts.acknowledge(of, cast.ANALYST, alert.id)
    custody.reseal(of, cast.ANALYST, sample, seal=f"{seal}-R")
    shelf = {"giver": cast.ANALYST, "taker": cast.BENCH_SAFE, "actor": cast.ANALYST}
    custody.transfer(of, sample, **shelf, seal=f"{seal}-R", witness=cast.REVIEWER)
    review.review(of, cast.REVIEWER, found.id, accept=True, remark="agreed")
    conclusion.conclude(of, cast.ANALYST, sample)
    intake.add_note(of, cast.ANALYST, sample, "heavy for its size")
    disposition.seize(of, cast.OFFICER, shipment, "presumptive result")


def _cases(of: Lab) -> Iterator[Case]:
    """Yield the events of each parcel with its numbers replaced by marks."""
    everything = [
        (row[4], row[3], str(row[5])) for row in events.everything(of.db) if row[4] in _OF_A_PARCEL
    ]
    for number, shipment in of.db.execute("SELECT number, shipment FROM sample").fetchall():
        notices = [
            row[0]
            for row in of.db.execute(
                "SELECT id FROM alert WHERE sample=? ORDER BY seq", [number]
            ).fetchall()
        ]
        marks = {shipment: "@P@", number: "@S@"}
        marks |= {notice: f"@A{place}@" for place, notice in enumerate(notices)}
        mine = []
        for kind, actor, body in everything:
            if any(each in body for each in marks):
                for each, mark in marks.items():
                    body = body.replace(each, mark)
                mine.append((kind, actor, body))
        yield Case(events=tuple(mine), alerts=len(notices))


_OF_A_PARCEL = frozenset(
    (
        "shipment.received", "sample.received", "run.recorded", "finding.submitted",
        "finding.reviewed", "conclusion.made", "shipment.noted", "shipment.seized",
        "shipment.released", "alert.raised", "alert.acknowledged", "sample.transferred",
        "sample.opened", "sample.resealed", "portion.prepared", "note.added",
    )
)  # fmt: skip


def _write(
    of: Lab,
    cases: tuple[Case, ...],
    first: int,
    many: int,
    moment: datetime,
    random: np.random.Generator,
) -> datetime:
    """Write ``many`` copies in one transaction; their numbers follow those on record."""
    # One year throughout: at its end the serials would begin anew.
    year = int(of.db.execute("SELECT max(year) FROM counter").fetchone()[0])
    with of.store.writing() as database:
        for serial in range(first, first + many):
            case = cases[int(random.integers(len(cases)))]
            last = database.execute(
                "SELECT kind, last FROM counter WHERE year=?", [year]
            ).fetchall()
            numbers = _numbers(of.site, year, serial, case.alerts, dict(last))
            for kind, actor, text in _as_far_as(case, int(random.integers(100)), random):
                for mark, number in numbers.items():
                    text = text.replace(mark, number)
                body = json.loads(text)
                _vary(kind, body, serial, random)
                events.append(
                    database, lab_id=of.lab_id, actor=actor, kind=kind, body=body, at=moment
                )
                moment += timedelta(milliseconds=500)
            moment += timedelta(seconds=86_400 / A_DAY - 5)
    return moment


def _numbers(
    site: str, year: int, serial: int, notices: int, last: dict[str, int]
) -> dict[str, str]:
    made = {
        "@S@": ids.make(site, year, ids.SAMPLE, serial),
        "@P@": ids.make(site, year, ids.SHIPMENT, last.get("P", 0) + 1),
    }
    for place in range(notices):
        made[f"@A{place}@"] = ids.make(site, year, ids.ALERT, last.get("A", 0) + 1 + place)
    return made


def _as_far_as(
    case: Case, dice: int, random: np.random.Generator
) -> Iterator[tuple[str, str, str]]:
    """Yield a case's events up to where this copy stands."""
    stop, edge = "", 0
    for kind, share in STOPS:
        edge += share
        if not stop and dice < edge:
            stop = kind
    for kind, actor, text in case.events:
        if kind != "alert.acknowledged" or random.integers(100) >= UNSEEN:
            yield kind, actor, text
        if kind == stop:
            return


def _vary(kind: str, body: dict[str, Any], serial: int, random: np.random.Generator) -> None:
    if kind == "shipment.received":
        draft = body["draft"]
        draft["declared_goods"] = GOODS[int(random.integers(len(GOODS)))]
        draft["consignor"] = f"{NAMES[int(random.integers(len(NAMES)))]} {serial % 997} Ltd"
        draft["tracking"] = f"RR{serial:08d}0MX"
    elif kind == "sample.received":
        body["draft"]["description"] = LOOKS[int(random.integers(len(LOOKS)))]
        body["priority"] = int(random.integers(3))


def _around(of: Lab, days: int, random: np.random.Generator) -> None:
    """What stands beside the samples: staff, quarantined files, reports, office, a checkpoint."""
    for number in range(40):
        people.add_person(
            of, cast.LEAD, f"officer{number}", f"Officer {number}", frozenset((Role.OFFICER,))
        )
    for number in range(min(300, days * 2)):
        quarantine.keep(of, cast.ANALYST, f"stray-{number}.spc", random.bytes(200), "no sample")
    for number in range(min(days, 500)):
        body = random.bytes(2_000)
        queued = outbox.queue(of, cast.LEAD, f"d{number}", "daily", body, keys.sign(of, body))
        if number < days - 3:
            outbox.mark_sent(of, cast.LEAD, queued.seq, "stored")
    furnish(of)
    audit.checkpoint(of, cast.LEAD)
