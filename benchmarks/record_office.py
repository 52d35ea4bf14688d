"""The office side of a made laboratory: windows, cover, cases, notices, journeys, waiting parcels.

Everything through the services, as many as a few years leave behind.
"""

from __future__ import annotations

from datetime import timedelta

from lims import cases, clock, cover, intake, office_notices, other_labs, shifts, stopped
from lims.lab import Lab
from lims.model import ShipmentDraft
from lims.stopped import Because
from lims.unknown_gather import gather
from spectra.errors import LabError
from tui.demo import cast

CASES = 200
LINKS = 5
"""Parcels linked to each case."""
NOTICES = 400
JOURNEYS = 300
STOPS = 200
WAITING = 600
"""Parcels on the shelf nobody submitted yet: the fullest shelves that were reported."""
COVER_DAYS = 120


def furnish(of: Lab) -> None:
    """Add the office side to a lab that has samples."""
    shifts.set_calendar(
        of, cast.LEAD, shifts.parsed(["mon-fri 22:00-02:30", "sat,sun 08:00-12:00"]), reason="hub"
    )
    now = clock.now()
    for day in range(COVER_DAYS):
        starts = now + timedelta(days=day, hours=1)
        cover.plan(of, cast.LEAD, cast.ANALYST, starts, starts + timedelta(hours=6))
    _cases(of)
    _notices(of)
    for number in range(WAITING):
        draft = ShipmentDraft(declared_goods="plaster", consignor=f"Quill {number % 97} Ltd")
        intake.add_shipment(of, cast.OFFICER, draft)
    gather(of, cast.ANALYST)


def _cases(of: Lab) -> None:
    held = [
        str(row[0])
        for row in of.db.execute(
            "SELECT number FROM shipment ORDER BY seq DESC LIMIT ?", [CASES * LINKS]
        ).fetchall()
    ]
    for number in range(CASES):
        mine = held[number * LINKS : (number + 1) * LINKS]
        case = cases.open_case(of, cast.LEAD, f"Case {number}", mine[:1])
        for shipment in mine[1:]:
            cases.link(of, cast.LEAD, case.number, shipment, reason="same sender")


def _notices(of: Lab) -> None:
    numbers = [
        str(row[0])
        for row in of.db.execute(
            "SELECT number FROM sample WHERE status_rank<4 ORDER BY seq LIMIT ?",
            [NOTICES + JOURNEYS + STOPS],
        ).fetchall()
    ]
    for at, number in enumerate(numbers):
        try:
            if at < NOTICES:
                office_notices.send(of, cast.LIAISON, number, "investigators", embargo=at % 10 == 0)
            elif at < NOTICES + JOURNEYS:
                other_labs.send(of, cast.LEAD, number, "Regional lab")
            else:
                stopped.stop(of, cast.ANALYST, number, Because.INSTRUMENT)
        except LabError:
            continue  # a finding of it waits, or it is frozen: another one will do
