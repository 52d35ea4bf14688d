"""How long each stage takes, with what is still open counted in; how full the laboratory is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from lims import clock, records, shifts, survival, work_kinds
from lims.errors import RecordError
from lims.lab import Lab
from lims.model import Lane, Role

STAGES = {
    "wait_intake": "registered until submitted as a sample",
    "intake_to_presumptive": "submitted until the first answer",
    "presumptive_to_confirmed": "first answer until one is confirmed, here or at another lab",
    "wait_review": "finding recorded until a second person judged it",
    "wait_release": "first answer until the shipment was released or seized",
}
TARGET_MINUTES = {
    "wait_intake": 300.0,
    "intake_to_presumptive": 300.0,
    "presumptive_to_confirmed": 60 * 24 * 60.0,
    "wait_review": 60.0,
    "wait_release": 300.0,
}
"""A window of five hours for what decides tonight, an hour for a review, 60 days to confirm."""
FULL = 0.85
"""Utilisation above which queues grow out of proportion (Kingman, Math. Proc. Camb. Phil. Soc. 57
(1961) 902: waiting grows as load / (1 - load))."""
LONGEST_DAYS = 3_660


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage; times in minutes. Gross, but for the medians called net: stopped time left out.

    Quantiles are of finished work; ``median_with_open`` counts open work as not finished yet.
    """

    name: str
    says: str
    finished: int
    open: int
    median: float | None
    p90: float | None
    p95: float | None
    net_median: float | None
    median_with_open: float | None
    """None where less than half would be finished by any time seen."""
    target: float
    within_target: float | None
    """Share of finished work."""
    oldest_open: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How full the laboratory is, by Little's law and by its bench time."""

    open: int
    received_per_day: float
    answered_per_day: float
    growth_per_day: float
    expected_open: float | None
    """Arrivals a day times mean time to an answer: what Little's law says should be open."""
    days_of_work: float | None
    """Open work at the rate of the last seven days."""
    analysts: int
    utilisation: float | None
    """Bench minutes that arrive over those there are; None where nothing was measured."""
    warning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Turnaround:
    """Stages and load over the days up to ``at``."""

    at: datetime
    days: int
    stages: tuple[Stage, ...]
    stopped: dict[str, float]
    """Minutes the clock stood still in the period, by whom was waited for."""
    load: Load
    lanes: dict[str, tuple[Stage, ...]]
    """The same stages for each lane alone; a parcel without a sample is in no lane yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One piece of work in one stage; ``ends`` is None while it is open."""

    starts: datetime
    ends: datetime | None
    sample: str = ""
    lane: str = ""


def turnaround(lab: Lab, days: int = 90, at: datetime | None = None) -> Turnaround:
    """Return how long the stages took for work that began in the last ``days``.

    Parameters
    ----------
    at : datetime, optional
        As of when, now when left out: what began or ended later is not yet known.

    Raises
    ------
    RecordError
        Not between 1 and 3,660 days.
    """
    if not 1 <= days <= LONGEST_DAYS:
        raise RecordError(f"between 1 and {LONGEST_DAYS} days, found {days}")
    now = at or clock.now()
    since, until = clock.stamp(now - timedelta(days=days)), clock.stamp(now)
    stops = _stops(lab)
    spans = {
        name: [_span(row, until) for row in records.rows(lab.db, _SPANS[name], since, until)]
        for name in STAGES
    }
    return Turnaround(
        at=now,
        days=days,
        stages=tuple(stage(name, found, now, stops) for name, found in spans.items()),
        lanes={
            lane.value: tuple(
                stage(name, [each for each in found if each.lane == lane], now, stops)
                for name, found in spans.items()
            )
            for lane in Lane
        },
        stopped=_stopped(stops, now - timedelta(days=days), now),
        load=_load(lab, now, min(days, 7)),
    )


def stage(
    name: str,
    spans: Sequence[Span],
    now: datetime,
    stops: dict[str, list[tuple[datetime, datetime | None, str]]],
) -> Stage:
    """Return the figures of one stage."""
    gross = [_minutes(each.starts, each.ends or now) for each in spans]
    done = [each.ends is not None for each in spans]
    ended = [value for value, finished in zip(gross, done, strict=True) if finished]
    still = [value for value, finished in zip(gross, done, strict=True) if not finished]
    net = [
        _minutes(each.starts, each.ends) - _overlap(stops.get(each.sample, ()), each, now)
        for each in spans
        if each.ends is not None
    ]
    target = TARGET_MINUTES[name]
    within = sum(value <= target for value in ended)
    return Stage(
        name=name,
        says=STAGES[name],
        finished=len(ended),
        open=len(still),
        median=survival.quantile(ended, 0.5),
        p90=survival.quantile(ended, 0.9),
        p95=survival.quantile(ended, 0.95),
        net_median=survival.quantile(net, 0.5),
        median_with_open=survival.median(gross, done),
        target=target,
        within_target=round(within / len(ended), 4) if ended else None,
        oldest_open=max(still, default=None),
    )


_SPANS = {
    "wait_intake": (
        "SELECT p.received_at AS starts, (SELECT min(s.submitted_at) FROM sample s "
        "WHERE s.shipment=p.number) AS ends, '' AS sample, (SELECT s.lane FROM sample s "
        "WHERE s.shipment=p.number ORDER BY s.submitted_at, s.seq LIMIT 1) AS lane "
        "FROM shipment p WHERE p.received_at>=?1 AND p.received_at<=?2 AND (p.state='held' "
        "OR p.state_at>?2 OR EXISTS(SELECT 1 FROM sample s WHERE s.shipment=p.number))"
    ),
    "intake_to_presumptive": (
        "SELECT submitted_at AS starts, nullif(first_concluded_at, '') AS ends, number AS sample, "
        "lane FROM sample WHERE submitted_at>=?1 AND submitted_at<=?2 AND (first_concluded_at<>'' "
        "OR state NOT IN ('consumed','destroyed','lost','returned') "
        "OR (SELECT max(c.at) FROM custody c WHERE c.sample=number)>?2)"
    ),
    "presumptive_to_confirmed": (
        "SELECT s.first_concluded_at AS starts, min((SELECT coalesce(min(c.at), '~') FROM "
        "conclusion c WHERE c.sample=s.number AND c.level='confirmed'), (SELECT "
        "coalesce(min(r.answered_at), '~') FROM candidate_request r WHERE r.sample=s.number "
        "AND r.answer='identified')) AS ends, s.number AS sample, s.lane AS lane FROM sample s "
        "WHERE s.first_concluded_at>=?1 AND s.first_concluded_at<=?2 AND (EXISTS(SELECT 1 FROM "
        "conclusion c WHERE c.sample=s.number AND c.level='confirmed' AND c.at<=?2) OR EXISTS("
        "SELECT 1 FROM candidate_request r WHERE r.sample=s.number AND r.at<=?2))"
    ),
    "wait_review": (
        "SELECT f.at AS starts, nullif(f.reviewed_at, '') AS ends, f.sample AS sample, "
        "s.lane AS lane FROM finding f JOIN sample s ON s.number=f.sample WHERE f.at>=?1 "
        "AND f.at<=?2 AND (f.reviewed_at<>'' OR f.state='submitted')"
    ),
    "wait_release": (
        "SELECT s.first_concluded_at AS starts, CASE p.state WHEN 'held' THEN NULL ELSE "
        "p.state_at END AS ends, s.number AS sample, s.lane AS lane FROM sample s JOIN shipment p "
        "ON p.number=s.shipment WHERE s.first_concluded_at>=?1 AND s.first_concluded_at<=?2 "
        "AND s.first_concluded_at<>''"
    ),
}


def _span(row: records.Row, until: str) -> Span:
    # Stamps have one form, so they compare as text; "~" is later than all of them.
    ends = row["ends"]
    return Span(
        starts=records.moment(row["starts"]),
        ends=records.moment(ends) if ends and ends <= until else None,
        sample=row["sample"],
        lane=row["lane"] or "",
    )


def _minutes(starts: datetime, ends: datetime) -> float:
    return round(max(0.0, (ends - starts).total_seconds() / 60), 2)


def _stops(lab: Lab) -> dict[str, list[tuple[datetime, datetime | None, str]]]:
    found: dict[str, list[tuple[datetime, datetime | None, str]]] = {}
    for row in records.rows(lab.db, "SELECT * FROM clock_stop ORDER BY seq"):
        ends = records.moment(row["resumed_at"]) if row["resumed_at"] else None
        found.setdefault(row["sample"], []).append(
            (records.moment(row["stopped_at"]), ends, row["because"])
        )
    return found


def _overlap(
    stops: Iterable[tuple[datetime, datetime | None, str]], span: Span, now: datetime
) -> float:
    last = span.ends or now
    return sum(
        _minutes(max(starts, span.starts), min(ends or now, last)) for starts, ends, _ in stops
    )


def _stopped(
    stops: dict[str, list[tuple[datetime, datetime | None, str]]], first: datetime, now: datetime
) -> dict[str, float]:
    found: dict[str, float] = {}
    for each in stops.values():
        for starts, ends, because in each:
            spent = _minutes(max(starts, first), ends or now)
            found[because] = round(found.get(because, 0.0) + spent, 2)
    return dict(sorted(found.items()))


def _load(lab: Lab, now: datetime, days: int) -> Load:
    since = clock.stamp(now - timedelta(days=days))
    row = records.rows(
        lab.db,
        "SELECT (SELECT count(*) FROM sample WHERE status_rank<4) AS open, "
        "(SELECT count(*) FROM sample WHERE submitted_at>=?1) AS received, "
        "(SELECT count(*) FROM sample WHERE first_concluded_at>=?1 AND first_concluded_at<>'') "
        "AS answered",
        since,
    )[0]
    times = [
        _minutes(records.moment(each["submitted_at"]), records.moment(each["first_concluded_at"]))
        for each in records.rows(
            lab.db,
            "SELECT submitted_at, first_concluded_at FROM sample "
            "WHERE first_concluded_at>=? AND first_concluded_at<>''",
            since,
        )
    ]
    received, answered = row["received"] / days, row["answered"] / days
    analysts = sum(
        person.active and Role.ANALYST in person.roles
        for person in map(records.as_person, records.rows(lab.db, "SELECT * FROM person"))
    )
    used = _utilisation(lab, now, received, analysts)
    return Load(
        open=row["open"],
        received_per_day=round(received, 2),
        answered_per_day=round(answered, 2),
        growth_per_day=round(received - answered, 2),
        expected_open=round(received * sum(times) / len(times) / 1440, 2) if times else None,
        days_of_work=round(row["open"] / answered, 1) if answered else None,
        analysts=analysts,
        utilisation=used,
        warning=(
            f"utilisation {used:.0%} is above {FULL:.0%}: waiting grows out of proportion"
            if used is not None and used > FULL
            else ""
        ),
    )


def _utilisation(lab: Lab, now: datetime, received: float, analysts: int) -> float | None:
    measured = [each.minutes for each in work_kinds.expected(lab, now).values() if each.measured]
    weekly = shifts.weekly_minutes(shifts.calendar(lab.db))
    if not measured or not weekly or not analysts:
        return None
    return round(received * median(measured) / (analysts * weekly / 7), 3)
