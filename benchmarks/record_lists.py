"""Every list and search that a screen or a command asks of the record, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from lims import (
    alerts,
    audit,
    bench_instruments,
    candidate_requests,
    case_queries,
    certificate_queries,
    containers,
    cover,
    disposal,
    handover,
    holds,
    legal_hold,
    office_notices,
    other_labs,
    outbox,
    outside_answers,
    people,
    quarantine,
    queries,
    quota,
    records,
    reference_record,
    turnaround,
    unknown_queries,
    unknowns,
    waiting,
    work_kinds,
    work_order,
)
from lims.lab import Lab
from lims.model import WorkRow
from tui.demo import cast

PAGE = 200

Question = tuple[str, Callable[[], object]]


def questions(of: Lab) -> Iterator[Question]:
    """Yield each question's name and what asks it."""
    total = queries.work_count(of)
    row = queries.work_page(of, total // 2, 1, order="number")[0]
    yield from _work(of, total)
    yield from _searches(of, row.sample)
    yield from _records(of, row, total)
    yield from _beside(of)
    yield from _office(of)
    day = row.submitted_at.replace(hour=0, minute=0, second=0)
    yield "report rows of a day", lambda: list(queries.report_rows(of, day, day + timedelta(1)))


def _work(of: Lab, total: int) -> Iterator[Question]:
    yield "work_count", lambda: queries.work_count(of)
    for order in ("queue", "newest", "oldest", "number", *work_order.ORDERS):
        for name, offset in (("first", 0), ("middle", total // 2), ("last", total - PAGE)):
            yield (
                f"work list {order}, {name}",
                lambda o=order, at=offset: work_order.page(of, at, PAGE, order=o),
            )
    yield "the clock beside the work list", lambda: work_order.pace(of)
    yield "expected minutes", lambda: work_kinds.expected(of)
    yield "board", lambda: queries.board(of)


def _searches(of: Lab, sample: str) -> Iterator[Question]:
    for words in ("tansy", "tansy crystals", sample.casefold(), "nothing-like-it", "po"):
        yield f"count find {words!r}", lambda w=words: queries.work_count(of, w)
        for order in ("queue", "newest", "number", *work_order.ORDERS):
            yield (
                f"find {words!r}, {order}",
                lambda w=words, o=order: work_order.page(of, 0, PAGE, w, o),
            )


def _records(of: Lab, row: WorkRow, total: int) -> Iterator[Question]:
    yield "shipments, first page", lambda: queries.shipments(of, 0, PAGE)
    yield "shipments, middle", lambda: queries.shipments(of, total // 2, PAGE)
    yield "shipments, last page", lambda: queries.shipments(of, total - PAGE, PAGE)
    yield "shipment by number", lambda: queries.shipment(of, row.shipment)
    yield "sample by number", lambda: queries.sample_record(of, row.sample)
    yield "sample by short number", lambda: queries.sample_record(of, row.sample[7:])
    yield "samples of a shipment", lambda: queries.samples_of(of, row.shipment)
    yield "remarks", lambda: queries.remarks(of, row.sample)
    yield "data_version", lambda: queries.data_version(of)
    yield "events, last page", lambda: audit.events(of, queries.event_count(of) - PAGE, PAGE)


def _beside(of: Lab) -> Iterator[Question]:
    yield "alerts, open", lambda: alerts.open_alerts(of)
    yield "alerts of an officer", lambda: alerts.alerts_for(of, cast.OFFICER)
    yield "quarantine, waiting", lambda: quarantine.listed(of)
    yield "quarantine, all", lambda: quarantine.listed(of, everything=True)
    yield "quarantine, count", lambda: quarantine.waiting(of)
    yield "people", lambda: people.people(of)
    yield "outbox, pending", lambda: outbox.pending(of)
    yield "outbox, all", lambda: outbox.items(of)
    yield "instruments", lambda: bench_instruments.instruments(of)
    yield "references", lambda: reference_record.references(of, everything=True)
    yield "containers", lambda: containers.containers(of)
    yield "hand-overs, all", lambda: handover.handovers(of, everything=True)
    yield "legal holds", lambda: legal_hold.holds(of, everything=True)
    yield "held results", lambda: holds.holds(of, everything=True)
    yield "disposals", lambda: disposal.disposals(of, everything=True)
    yield "certificates", lambda: certificate_queries.listed(of, everything=True)


def _office(of: Lab) -> Iterator[Question]:
    yield "cases, open", lambda: case_queries.listed(of)
    yield "cases, all", lambda: case_queries.listed(of, everything=True)
    yield "cases, parcels to look at", lambda: case_queries.waiting(of)
    first = str(records.value(of.db, "SELECT number FROM case_file ORDER BY seq LIMIT 1") or "")
    if first:
        yield "case by number", lambda: case_queries.show(of, first)
    yield "notices, waiting", lambda: office_notices.listed(of)
    yield "notices, all", lambda: office_notices.listed(of, everything=True)
    yield "notices of an officer", lambda: office_notices.listed_for(of, cast.OFFICER)
    yield "other labs, open", lambda: other_labs.listed(of)
    yield "outside answers", lambda: outside_answers.listed(of)
    yield "candidate requests", lambda: candidate_requests.listed(of)
    yield "cover", lambda: cover.listed(of)
    yield "long waits", lambda: cover.long_waits(of)
    yield "long waits, all", lambda: cover.long_waits(of, everything=True)
    for order in waiting.ORDERS:
        yield f"parcels waiting, {order}", lambda o=order: waiting.waiting(of, order=o)
    yield "backlog", lambda: quota.backlog(of)
    yield "turnaround, 90 days", lambda: turnaround.turnaround(of)
    yield "unknowns, clusters", lambda: unknown_queries.listed(of)
    yield "unknowns to search again", lambda: unknowns.waiting(of)
