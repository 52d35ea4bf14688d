from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from reports import daily, encode, schema
from reports.document import Change, WatchItem
from reports.errors import ReportError
from reports.signals import SignalKind
from tests.unit.reports.builders import DAY, a_candidate, a_row, a_year, at, facts, many

WEEK = timedelta(days=7)


def kinds(found):
    return [signal.kind for signal in found]


def test_same_input_gives_same_bytes_in_any_order():
    rows = a_year(2)
    today = [a_row(DAY, "xylazine"), a_candidate()]
    first = daily.to_json(daily.compose(today, rows, DAY, facts()))
    second = daily.to_json(daily.compose(today[::-1], rows[::-1], DAY, facts()))
    assert first == second


def test_document_fits_its_published_schema():
    rows = [*a_year(2), a_candidate(), a_row(DAY, waiting=True)]
    change = Change(day=DAY - WEEK, kind="event", text="border restriction")
    watch = WatchItem(id="W1", substance="xylazine", areas=("Philadelphia",))
    report = daily.compose(rows, rows, DAY, facts(changes=(change,), watch=(watch,)))
    document = json.loads(daily.to_json(report))
    assert schema.problems(document, schema.load("fol.daily/1")) == []


def test_totals_are_those_of_the_rows():
    rows = [
        a_row(DAY, "fentanyl", shipment_state="seized"),
        a_row(DAY),
        a_row(DAY, level="inconclusive"),
        a_row(DAY, waiting=True),
        a_candidate(),
        a_row(DAY, "cocaine", submitted_at=at(DAY - WEEK)),
        a_row(DAY - WEEK, waiting=True),
    ]
    totals = daily.compose(rows, [], DAY, facts()).totals
    assert (totals.submitted, totals.tested, totals.found) == (5, 5, 2)
    assert (totals.candidates, totals.waiting, totals.backlog) == (1, 1, 2)
    assert dict(totals.by_level) == {
        "presumptive": 2, "no_match": 1, "inconclusive": 1, "candidate": 1,
    }  # fmt: skip


def test_what_was_concluded_after_the_day_counts_as_waiting():
    row = replace(a_row(DAY, "fentanyl"), concluded_at=at(DAY + timedelta(days=1)))
    report = daily.compose([row], [], DAY, facts())
    assert (report.totals.tested, report.totals.waiting) == (0, 1)
    assert report.rows[0].substances == ()
    assert b"fentanyl" not in daily.to_json(report)


def test_a_quiet_day_has_no_share_and_no_error():
    report = daily.compose([], [], DAY, facts())
    assert report.totals.presence == "nothing_submitted"
    tested = daily.compose(many(DAY, 4), [], DAY, facts())
    assert tested.totals.presence == "tested_none_found"
    assert tested.totals.tested == 4


def test_a_day_is_the_local_day_with_its_own_length():
    # Daylight saving ends on 2026-11-01 in New York: 25 hours.
    report = daily.compose([], [], date(2026, 11, 1), facts(timezone="America/New_York"))
    header = report.header
    assert header.period_end - header.period_start == timedelta(hours=25)


def test_late_evening_belongs_to_the_local_day():
    late = datetime(2026, 11, 24, 5, 30, tzinfo=UTC)  # 22:30 on the 23rd in Phoenix
    row = a_row(DAY, "fentanyl", submitted_at=late, concluded_at=late + timedelta(minutes=5))
    assert daily.compose([row], [], DAY, facts(timezone="America/Phoenix")).totals.tested == 1
    assert daily.compose([row], [], DAY, facts(timezone="UTC")).totals.tested == 0


def test_unknown_time_zone_is_a_clear_error():
    with pytest.raises(ReportError, match="time zone"):
        daily.compose([], [], DAY, facts(timezone="Mars/Olympus"))


def test_first_seen_then_second_detection_is_a_signal():
    history = many(DAY - timedelta(days=300), 20, "cocaine")
    first = a_row(DAY - WEEK, "protonitazene")
    report = daily.compose([first], history, DAY - WEEK, facts())
    assert kinds(report.first_seen) == [SignalKind.FIRST_SEEN]
    assert "new" in report.first_seen[0].text
    again = daily.compose([a_row(DAY, "protonitazene")], [*history, first], DAY, facts())
    assert again.first_seen == ()
    assert SignalKind.SECOND_DETECTION in kinds(again.signals)


def test_old_analogue_from_a_new_origin_is_reemerging_with_its_gap():
    history = many(date(2023, 4, 10), 5, "acetylfentanyl", origin="CN")
    report = daily.compose([a_row(DAY, "acetylfentanyl", origin="MX")], history, DAY, facts())
    (notice,) = report.first_seen
    assert notice.kind is SignalKind.RE_EMERGENCE
    assert notice.gap_months == 43
    assert "43 months" in notice.text
    assert "before from CN, now from MX" in notice.text


def test_first_here_is_not_first_seen():
    report = daily.compose(
        [a_row(DAY, "medetomidine")], [], DAY, facts(known_elsewhere=frozenset({"Medetomidine"}))
    )
    assert kinds(report.first_seen) == [SignalKind.FIRST_HERE]


def test_a_rise_after_a_method_change_is_never_called_emerging():
    history = [row for back in range(20, 300) for row in many(DAY - timedelta(days=back), 5)]
    rise = many(DAY, 9, "gabapentin")
    plain = daily.compose(rise, history, DAY, facts())
    assert "emerging" in plain.signals[0].text
    change = Change(day=DAY - WEEK, kind="method", text="gabapentin added to the panel")
    cautious = daily.compose(rise, history, DAY, facts(changes=(change,)))
    texts = [signal.text for signal in (*cautious.signals, *cautious.first_seen)]
    assert not any("emerging" in text for text in texts)
    assert "gabapentin added to the panel" in cautious.signals[0].caution
    event = replace(change, kind="event")
    assert not daily.compose(rise, history, DAY, facts(changes=(event,))).signals[0].caution


def test_a_signal_that_goes_on_says_so():
    history = [row for back in range(20, 300) for row in many(DAY - timedelta(days=back), 5)]
    rise = [*many(DAY - timedelta(days=1), 9, "gabapentin"), *many(DAY, 2, "gabapentin")]
    (signal,) = [s for s in daily.compose(rise, history, DAY, facts()).signals if not s.notice]
    assert signal.continuing
    assert signal.text.endswith("continues.")


def test_candidate_has_a_class_and_never_an_identified_name():
    report = daily.compose([a_candidate(substances=("acetylfentanyl",))], [], DAY, facts())
    (candidate,) = report.candidates
    assert candidate.class_name == "fentanyl analogue"
    assert candidate.statement.startswith("not identified")
    assert candidate.nearest == ("acetylfentanyl (hqi 0.81)",)
    assert report.rows[0].substances == ()
    assert report.day_counts == ()
    assert report.totals.found == 0
    assert report.first_seen == ()


def test_strange_candidate_evidence_is_told_not_fatal():
    odd = {"class": None, "nearest": 7, "shared_ions": {"a": 1}, "against": [None, ["x", 2.5]]}
    (candidate,) = daily.compose(
        [replace(a_candidate(), candidate=odd)], [], DAY, facts()
    ).candidates
    assert candidate.class_name == "fentanyl analogue"
    assert candidate.against == ("x, 2.5",)


def test_uncontrolled_adulterant_is_flagged_by_role_and_watch_list():
    watch = WatchItem(id="W1", substance="Xylazine", areas=("New Jersey", "Philadelphia"))
    row = a_row(DAY, "xylazine", notes=("declared silicon dioxide, found xylazine",))
    report = daily.compose([row], [], DAY, facts(watch=(watch,)))
    (flagged,) = report.flagged
    assert "role: adulterant" in flagged.reasons
    assert any(reason.startswith("watch list") for reason in flagged.reasons)
    assert SignalKind.WATCH_LIST in kinds(report.signals)


def test_watch_list_needs_both_substance_and_area():
    watch = WatchItem(id="W1", substance="xylazine", areas=("New Jersey",))
    row = a_row(DAY, "xylazine", destination="Philadelphia")
    report = daily.compose([row], [], DAY, facts(watch=(watch,)))
    assert SignalKind.WATCH_LIST not in kinds(report.signals)
    other = a_row(DAY, "cocaine", destination="Newark, New Jersey")
    assert SignalKind.WATCH_LIST not in kinds(
        daily.compose([other], [], DAY, facts(watch=(watch,))).signals
    )


def test_controlled_substance_is_not_listed_as_uncontrolled():
    assert daily.compose([a_row(DAY, "fentanyl")], [], DAY, facts()).flagged == ()


@pytest.mark.parametrize(
    ("declared", "found", "verdict"),
    [
        ("silicon dioxide", ("xylazine",), "differs"),
        ("Caffeine, anhydrous", ("caffeine",), "agrees"),
        ("1,3,7-Trimethylxanthine powder", ("caffeine",), "agrees"),
        ("decaffeinated tea", ("caffeine",), "differs"),
        ("caffeine", ("caffeine", "fentanyl"), "differs"),
        ("silicon dioxide", (), "cannot say"),
    ],
)
def test_declared_against_found(declared, found, verdict):
    row = a_row(DAY, *found, declared_goods=declared)
    assert daily.compose([row], [], DAY, facts()).declared[0].verdict == verdict


def test_declared_figures_stay_as_typed():
    row = a_row(DAY, "xylazine", declared_value="10 USD", declared_weight="1.50 kg")
    item = daily.compose([row], [], DAY, facts()).declared[0]
    assert (item.declared_value, item.declared_weight) == ("10 USD", "1.50 kg")


def test_training_of_one_row_marks_the_report():
    assert not daily.compose([a_row(DAY)], [], DAY, facts()).header.training
    assert daily.compose([a_row(DAY, training=True)], [], DAY, facts()).header.training


def test_later_result_is_listed_and_not_counted_again():
    old = a_row(DAY - WEEK, "fentanyl", level="confirmed")
    report = daily.compose([old, a_row(DAY)], [old], DAY, facts())
    assert [row.sample for row in report.later] == [old.sample]
    assert report.totals.tested == 1


def test_libraries_are_those_the_rows_rest_on():
    rows = [a_row(DAY, libraries=("b 2", "a 1")), a_row(DAY - WEEK, libraries=("old 1",))]
    assert daily.compose(rows, [], DAY, facts()).header.libraries == ("a 1", "b 2")


def test_content_hash_ignores_number_log_and_software():
    report = daily.compose([a_row(DAY, sample="NOG-1")], [], DAY, facts())
    other = replace(
        report,
        issue=replace(report.issue, sequence=9),
        log_size=9,
        header=replace(report.header, software="fol 9"),
    )
    changed = replace(report, totals=replace(report.totals, seized=1))
    digest = encode.content_sha256(encode.document(report))
    assert encode.content_sha256(encode.document(other)) == digest
    assert encode.content_sha256(encode.document(changed)) != digest


def test_no_person_and_no_party_can_be_in_a_row():
    names = set(schema.load("fol.daily/1")["$defs"]["row"]["properties"])
    assert not names & {"consignor", "consignee", "consignee_address", "officer", "notify_party"}
