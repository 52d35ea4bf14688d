"""What lists sort by follows from the events, and costs the same in the thousandth event."""

import pytest

from lims import (
    alerts,
    audit,
    conclusion,
    corrections,
    custody,
    disposition,
    events,
    intake,
    migrate,
    projections,
    quarantine,
    queries,
    sqlite,
    work_kinds,
    work_order,
)
from lims.model import SampleDraft
from tests.lims_builders import a_finding, a_sample, a_shipment, an_entry


def row(lab, number):
    return next(iter(lab.store.rows("SELECT * FROM sample WHERE number=?", [number])))


def parcel(lab, number):
    return next(iter(lab.store.rows("SELECT * FROM shipment WHERE number=?", [number])))


def test_shipment_counts_its_samples(lab):
    number = a_shipment(lab).number
    assert parcel(lab, number)["samples"] == 0
    a_sample(lab, shipment=number)
    a_sample(lab, shipment=number)
    assert parcel(lab, number)["samples"] == 2


def test_sample_says_how_odd_its_papers_are_also_when_the_notes_come_later(lab):
    odd = a_shipment(lab, declared_value="10 USD", freight="90 USD").number
    assert "freight above goods value" in parcel(lab, odd)["notes"]
    sample = a_sample(lab, shipment=odd).number
    assert row(lab, sample)["odd"] == 1
    corrections.correct(lab, "lee", odd, "freight", "1 USD", reason="typed wrong")
    assert row(lab, sample)["odd"] == 0


def test_bench_time_runs_from_the_first_step_to_the_first_answer(lab, bench):
    sample = a_sample(lab, seal="A1").number
    assert (row(lab, sample)["began_at"], row(lab, sample)["bench_ms"]) == ("", None)
    custody.open_sample(lab, "ana", sample, seal="A1", witness="olga")
    began = row(lab, sample)["began_at"]
    assert began
    intake.add_portion(lab, "ana", sample, "neat", mass_ug=10)
    a_finding(lab, bench, sample, an_entry("match", "xylazine"), reviewed=True)
    assert row(lab, sample)["began_at"] == began
    conclusion.conclude(lab, "ana", sample)
    found = row(lab, sample)
    from lims.records import moment

    spent = moment(found["first_concluded_at"]) - moment(found["began_at"])
    assert found["bench_ms"] == round(spent.total_seconds() * 1000)
    assert audit.verify(lab).ok


def test_expected_minutes_are_the_median_of_the_stored_ones(lab, monkeypatch):
    number = a_sample(lab).number
    monkeypatch.setattr(work_kinds, "LEAST_MEASURED", 1)
    with lab.store.writing() as database:
        database.conn.execute(
            "UPDATE sample SET bench_ms=90000, concluded_at='2999-01-01T00:00:00.000Z' "
            "WHERE number=?",
            (number,),
        )
    found = work_kinds.expected(lab)["drug", row(lab, number)["lane"]]
    assert (found.minutes, found.measured) == (1.5, 1)


def test_migration_gives_old_rows_what_their_events_give(lab, bench):
    # The same statements as in the step, over rows that the fold has made.
    sample = a_sample(lab, seal="A1").number
    custody.open_sample(lab, "ana", sample, seal="A1", witness="olga")
    a_finding(lab, bench, sample, an_entry("match", "xylazine"), reviewed=True)
    conclusion.conclude(lab, "ana", sample)
    a_sample(lab, shipment=a_shipment(lab, declared_value="10 USD", freight="90 USD").number)
    columns = "number, request, odd, began_at, bench_ms"
    folded = lab.store.rows(f"SELECT {columns} FROM sample ORDER BY seq")
    counted = lab.store.rows("SELECT number, samples FROM shipment ORDER BY seq")
    text = dict(migrate.steps())[14]
    with lab.store.writing() as database:
        database.conn.execute("UPDATE sample SET request='', odd=9, began_at='', bench_ms=NULL")
        database.conn.execute("UPDATE shipment SET samples=9")
        for statement in migrate._statements(text):
            if statement.lstrip().startswith("UPDATE"):
                database.conn.execute(statement)
    assert lab.store.rows(f"SELECT {columns} FROM sample ORDER BY seq") == folded
    assert lab.store.rows("SELECT number, samples FROM shipment ORDER BY seq") == counted


@pytest.fixture
def shelf(lab, bench):
    """Thirty samples of every sort, some answered."""
    for number in range(30):
        draft = {"declared_value": "10 USD", "freight": "90 USD"} if number % 4 == 0 else {}
        sample = intake.add_sample(
            lab,
            "olga",
            a_shipment(lab, **draft).number,
            SampleDraft(description=f"powder {number % 3}"),
        ).number
        with lab.store.writing() as database:
            database.conn.execute(
                "UPDATE sample SET priority=?, hazard=?, status_rank=? WHERE number=?",
                (number % 3, ("", "H2", "H1")[number % 5 % 3], (0, 3, 3, 4)[number % 4], sample),
            )
    return lab


@pytest.mark.parametrize("order", sorted(work_order.ORDERS))
@pytest.mark.parametrize("find", ["", "powder", "powder 1", "nothing-like-it"])
def test_pages_laid_end_to_end_are_the_whole_list_once(shelf, order, find):
    whole = work_order.page(shelf, 0, 100, find, order)
    assert len(whole) == queries.work_count(shelf, find)
    for size in (1, 4, 7):
        pages = [
            each
            for offset in range(0, len(whole) + size, size)
            for each in work_order.page(shelf, offset, size, find, order)
        ]
        assert pages == whole
    assert work_order.page(shelf, len(whole) + 5, 10, find, order) == []


def test_orders_are_the_ones_that_are_promised(shelf):
    rows = {each["number"]: each for each in shelf.store.rows("SELECT * FROM sample")}

    def numbers(order, key):
        still = sorted((r for r in rows.values() if r["status_rank"] < 4), key=key)
        done = sorted(
            (r for r in rows.values() if r["status_rank"] == 4),
            key=lambda r: (-r["priority"], r["submitted_at"], r["seq"]),
        )
        assert [each.sample for each in work_order.page(shelf, 0, 100, order=order)] == [
            each["number"] for each in still + done
        ]

    numbers(
        "hazard",
        lambda r: (r["hazard"] == "", r["hazard"], -r["priority"], r["submitted_at"], r["seq"]),
    )
    numbers("mismatch", lambda r: (-r["odd"], -r["priority"], r["submitted_at"], r["seq"]))
    numbers("age", lambda r: (r["submitted_at"], r["seq"]))


def replayed(lab):
    """Replay a lab's log and return every statement that its handlers ran, values filled in."""
    database, statements = sqlite.memory(), []
    migrate.apply(database)
    database.conn.set_trace_callback(statements.append)
    for event in events.read(lab.db, 0, 10_000):
        projections.handle(database, event)
    database.conn.set_trace_callback(None)
    wanted = [each for each in statements if each.startswith(("SELECT", "UPDATE", "DELETE"))]
    return database, wanted


def test_no_handler_looks_at_every_row_of_a_table(lab, bench):
    # What a fold does must not grow with what the record holds, or a long log is never replayed.
    sample = a_sample(lab, seal="A1").number
    custody.open_sample(lab, "ana", sample, seal="A1", witness="olga")
    intake.add_portion(lab, "ana", sample, "neat", mass_ug=10)
    a_finding(lab, bench, sample, an_entry("match", "fentanyl", hazard="H1"), reviewed=True)
    conclusion.conclude(lab, "ana", sample)
    alerts.acknowledge(lab, "olga", alerts.open_alerts(lab)[0].id)
    quarantine.keep(lab, "ana", "stray.spc", b"bytes", "no sample")
    disposition.seize(lab, "olga", sample_shipment(lab, sample), "presumptive result")
    database, statements = replayed(lab)
    assert any("quarantine" in each for each in statements)
    for each in statements:
        plan = [row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {each}").fetchall()]
        # A sub-select that was made once has few rows; a table has all of them.
        assert not [step for step in plan if step.startswith("SCAN")], (each, plan)
    database.close()


def sample_shipment(lab, sample):
    return row(lab, sample)["shipment"]


def test_quarantined_files_are_numbered_without_counting_them(lab):
    for number in range(3):
        quarantine.keep(lab, "ana", f"stray-{number}.spc", bytes([number]), "no sample")
    found = lab.store.rows("SELECT serial FROM quarantine ORDER BY seq")
    assert [each["serial"] for each in found] == [1, 2, 3]
