from datetime import UTC, datetime, timedelta

import pytest

from lims import alerts, clock, conclusion, disposition, intake, queries
from lims.errors import RecordError
from tests.lims_builders import a_finding, a_sample, a_shipment, an_entry

START = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)


def at(hours):
    return clock.running_from(lambda: START + timedelta(hours=hours))


def window(first, last):
    return START + timedelta(hours=first), START + timedelta(hours=last)


def test_queue_is_nearest_to_an_answer_then_priority_then_age(lab, bench):
    with at(0):
        old = a_sample(lab).number
    with at(1):
        new, urgent, seen = a_sample(lab).number, a_sample(lab).number, a_sample(lab).number
        intake.set_priority(lab, "ana", urgent, 5, reason="flight")
        a_finding(lab, bench, seen, an_entry("no_match"))
    assert [row.sample for row in queries.work_page(lab)] == [seen, urgent, old, new]
    assert queries.work_page(lab, order="oldest")[0].sample == old
    assert [row.sample for row in queries.work_page(lab, 1, 2)] == [urgent, old]
    with pytest.raises(RecordError, match="unknown order"):
        queries.work_page(lab, order="number; DROP TABLE event")


def test_status_follows_the_work(lab, bench):
    sample = a_sample(lab).number

    def status():
        return queries.work_page(lab)[0].status

    assert status() == "waiting"
    found = a_finding(lab, bench, sample, an_entry("match", "cocaine"))
    assert status() == "to review"
    from lims import review

    review.review(lab, "rex", found.id, accept=True)
    assert status() == "to conclude"
    conclusion.conclude(lab, "ana", sample)
    assert status() == "answered"
    again = a_finding(lab, bench, sample, an_entry("match", "cocaine"), kind="raman")
    assert status() == "to review"
    review.review(lab, "rex", again.id, accept=False, remark="x")
    assert status() == "answered"


@pytest.mark.parametrize(
    ("find", "count"),
    [("", 2), ("POWDER", 2), ("white pigment", 1), ("Straße", 1), ("STRASSE", 1), ("%", 0),
     ("_", 0), ("\\", 0), ("' OR 1=1", 0), ("nothing", 0), ("000001", 1)],
)  # fmt: skip
def test_find_takes_words_as_they_are(lab, find, count):
    a_sample(lab, description="white powder", shipment=a_shipment(lab).number)
    goods = a_shipment(lab, declared_goods="toys", consignee_address="Große Straße 5").number
    a_sample(lab, description="brown powder", shipment=goods)
    assert queries.work_count(lab, find) == len(queries.work_page(lab, find=find)) == count


def test_board_gives_honest_answers(lab, bench):
    with at(0):
        waiting = a_sample(lab).number
        named, nothing, hidden = (a_sample(lab).number for _ in range(3))
        a_finding(lab, bench, named, an_entry("match", "cocaine"), reviewed=True)
        a_finding(lab, bench, nothing, an_entry("no_match"), reviewed=True)
        a_finding(lab, bench, hidden, an_entry("match", "fentanyl", hazard="H1"), reviewed=True)
    with at(1):
        for sample in (named, nothing, hidden):
            conclusion.conclude(lab, "ana", sample)
        rows = {row.sample: row for row in queries.board(lab)}
        assert rows[waiting].answer == "waiting"
        assert rows[named].answer == "presumptive: cocaine"
        assert rows[nothing].answer == "cannot say: no match in the libraries searched"
        assert rows[hidden].answer == queries.HIDDEN
        assert rows[hidden].hazard
        assert (rows[waiting].age_minutes, rows[waiting].answered_minutes) == (60.0, None)
        assert rows[named].answered_minutes == 60.0
        alerts.acknowledge(lab, "olga", alerts.open_alerts(lab)[0].id)
        assert {r.sample: r for r in queries.board(lab)}[hidden].answer == "presumptive: fentanyl"
    with at(30):
        assert [row.sample for row in queries.board(lab)] == [waiting]


def test_report_rows_say_what_was_known_at_the_end_of_the_period(lab, bench):
    with at(0):
        parcel = a_shipment(lab, declared_goods="sand", origin="CN", stream="mail").number
        sample = a_sample(lab, shipment=parcel, field_tool="x", field_result="no match").number
        idle = a_sample(lab).number
    with at(2):
        entry = an_entry("match", "xylazine", hazard="H3")
        a_finding(lab, bench, sample, entry, reviewed=True, training=True)
        conclusion.conclude(lab, "ana", sample)
        disposition.seize(lab, "olga", parcel, "declared sand")
    with at(5):
        a_finding(lab, bench, sample, entry, kind="raman", reviewed=True)
        conclusion.conclude(lab, "ana", sample)
    early = {row.sample: row for row in queries.report_rows(lab, *window(-1, 1))}
    assert (early[sample].level, early[sample].concluded_at) == ("", None)
    assert early[sample].shipment_state == "held"
    middle = {row.sample: row for row in queries.report_rows(lab, *window(1, 3))}
    assert set(middle) == {sample}
    row = middle[sample]
    assert (row.level, row.substances, row.techniques) == ("presumptive", ("xylazine",), ("ftir",))
    assert (row.origin, row.stream, row.shipment_state) == ("CN", "mail", "seized")
    assert (row.field_result, row.training, row.libraries) == ("no match", True, ("street 3",))
    assert row.notes == ("declared sand, found xylazine (adulterant)",)
    late = {row.sample: row for row in queries.report_rows(lab, *window(3, 6))}
    assert late[sample].level == "confirmed"
    assert late[sample].concluded_at == START + timedelta(hours=2)
    assert list(queries.report_rows(lab, *window(6, 9))) == []
    whole = [row.sample for row in queries.report_rows(lab, *window(-1, 9))]
    assert whole == [sample, idle]


def test_candidate_row_carries_its_evidence_and_no_name(lab, bench):
    sample = a_sample(lab).number
    entry = an_entry("analogue_candidate", class_name="fentanyl")
    a_finding(lab, bench, sample, entry, reviewed=True)
    conclusion.conclude(lab, "ana", sample)
    moment = clock.now()
    day = timedelta(days=1)
    row = next(iter(queries.report_rows(lab, moment - day, moment + day)))
    assert (row.level, row.substances) == ("candidate", ())
    assert row.candidate == {"class": "fentanyl"}


def test_version_grows_with_every_write_and_only_then(lab):
    before = queries.data_version(lab)
    assert queries.data_version(lab) == before
    a_shipment(lab)
    assert queries.data_version(lab) > before


def test_pages_beyond_the_end_are_empty_and_negative_ones_harmless(lab):
    a_sample(lab)
    assert queries.work_page(lab, 10, 10) == []
    assert len(queries.work_page(lab, -5, 10)) == 1
    assert queries.work_page(lab, 0, -1) == []


def test_queue_and_report_walk_indexes_not_the_whole_table(lab):
    plan = lab.db.execute(
        "EXPLAIN QUERY PLAN SELECT rowid FROM sample ORDER BY status_rank, priority DESC, "
        "submitted_at, seq LIMIT 50"
    ).fetchall()
    assert "sample_queue" in str(plan)
    assert "TEMP B-TREE" not in str(plan)


def test_row_somebody_scribbled_on_is_a_clear_error(lab):
    from lims.sqlite import sqlite3

    number = a_shipment(lab).number
    raw = sqlite3.connect(str(lab.folder / "lab.db"), isolation_level=None)
    raw.execute("UPDATE shipment SET notes='[' WHERE number=?", (number,))
    raw.close()
    with pytest.raises(RecordError, match="not readable"):
        queries.shipment(lab, number)


@pytest.mark.parametrize("find", ["50%", "a_c", "\\", "50% a_c", "ABC", "x' OR 1=1 --", "é", "É"])
def test_find_looks_for_the_characters_as_typed_but_for_case(lab, find):
    goods = [
        "50% sugar",
        "505 sugar",
        "a_c",
        "abc",
        "back\\slash",
        "50% a_c",
        "café",
        "x' OR 1=1 --",
    ]
    said = {
        a_sample(lab, shipment=a_shipment(lab, declared_goods=each).number).number: each
        for each in goods
    }
    wanted = {
        number
        for number, each in said.items()
        if all(word in each.casefold() for word in find.casefold().split())
    }
    for order in ("queue", "newest", "oldest", "number"):
        found = queries.work_page(lab, find=find, order=order)
        assert {row.sample for row in found} == wanted
    assert queries.work_count(lab, find) == len(wanted)


@pytest.mark.parametrize("order", ["queue", "newest", "oldest", "number"])
def test_no_order_of_the_work_list_is_sorted_anew(lab, order):
    for find in ("", "sugar"):
        where, values = queries.found_where(find)
        steps = lab.db.execute(
            f"EXPLAIN QUERY PLAN SELECT rowid FROM sample {where} "
            f"ORDER BY {queries._ORDERS[order]} LIMIT 200",
            values,
        ).fetchall()
        assert not any("TEMP B-TREE" in step[3] for step in steps)
        if order != "number":
            assert any("COVERING INDEX" in step[3] for step in steps)


def test_board_has_no_place_for_answers_while_the_open_ones_fill_it(lab, bench, monkeypatch):
    monkeypatch.setattr(queries, "BOARD_LIMIT", 2)
    with at(0):
        answered, waiting = a_sample(lab).number, a_sample(lab).number
        a_finding(lab, bench, answered, an_entry("no_match"), reviewed=True)
        conclusion.conclude(lab, "ana", answered)
        assert [row.sample for row in queries.board(lab)] == [waiting, answered]
        third = a_sample(lab).number
        assert [row.sample for row in queries.board(lab)] == [waiting, third]
