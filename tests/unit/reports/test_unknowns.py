"""Unknowns and requests for confirmation in a daily report."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

from lims.candidate_requests import Answer
from lims.unknown_report import ReportedRequest, ReportedUnknown
from reports import daily, encode, html, schema
from reports.signals import SignalKind
from tests.unit.reports.builders import DAY, a_candidate, a_row, at, facts
from tests.unknown_builders import FURAN, a_signature


def unknown(*samples: str, **more) -> ReportedUnknown:
    values = {
        "code": "UNK-FEN-0007",
        "class_name": "fentanyl",
        "techniques": ("ei",),
        "mass_shifts": ("+14",),
        "signatures": (a_signature(FURAN, retention_index=2311.0, phase="polar"),),
    }
    return ReportedUnknown(samples=samples, **{**values, **more})


def report(rows, *known, requests=(), day=DAY):
    told = replace(facts(), unknowns=tuple(known), requests=tuple(requests))
    return daily.compose([row for row in rows if row.submitted_at.date() == day], rows, day, told)


def document(made):
    said = json.loads(encode.to_json(made))
    assert schema.problems(said, schema.load("fol.daily/1")) == []
    return said


def test_the_samples_of_one_unknown_carry_its_code_and_one_line_counts_them():
    before = DAY - timedelta(days=20)
    rows = [
        a_candidate(before, sample="NOG-1", origin="CN"),
        a_candidate(DAY, sample="NOG-2", origin="IN"),
        a_candidate(DAY, sample="NOG-3", origin="IN"),
    ]
    said = document(report(rows, unknown("NOG-1", "NOG-2", "NOG-3")))
    assert [row["unknowns"] for row in said["rows"]] == [["UNK-FEN-0007"], ["UNK-FEN-0007"]]
    [line] = said["unknowns"]
    assert (line["samples"], line["today"]) == (3, ["NOG-2", "NOG-3"])
    assert (line["first_day"], line["last_day"]) == (before.isoformat(), DAY.isoformat())
    assert line["origins"] == ["CN", "IN"]


def test_what_is_not_concluded_yet_has_no_code_in_the_report():
    rows = [a_row(DAY, sample="NOG-1", waiting=True)]
    said = document(report(rows, unknown("NOG-1")))
    assert "unknowns" not in said
    assert "unknowns" not in said["rows"][0]


def test_a_day_without_unknowns_says_what_it_said_before_there_were_any():
    rows = [a_row(DAY, "fentanyl", sample="NOG-1")]
    said = document(report(rows))
    assert {"unknowns", "confirmations"}.isdisjoint(said)


def test_new_and_re_emerging_from_another_origin_work_on_unknowns():
    old = DAY - timedelta(days=900)
    first = report([a_candidate(old, sample="NOG-1", origin="CN")], unknown("NOG-1"), day=old)
    [new] = first.first_seen
    assert new.kind is SignalKind.FIRST_SEEN
    assert new.name == "UNK-FEN-0007 (unknown, class fentanyl; not identified)"
    rows = [
        a_candidate(old, sample="NOG-1", origin="CN"),
        a_candidate(DAY, sample="NOG-2", origin="IN"),
    ]
    [again] = report(rows, unknown("NOG-1", "NOG-2")).first_seen
    assert (again.kind, again.gap_months) == (SignalKind.RE_EMERGENCE, 29)
    assert "before from CN, now from IN" in again.text


def test_an_unknown_that_was_named_is_told_once_and_is_news_no_more():
    rows = [a_candidate(DAY, sample="NOG-1")]
    named = unknown("NOG-1", name="furanylfentanyl", named_at=at(DAY), changed=True)
    made = report(rows, named)
    assert made.first_seen == ()
    assert document(made)["unknowns"][0]["named_on"] == DAY.isoformat()
    assert "named furanylfentanyl" in html.render(made).decode()


def test_a_merge_is_told_so_that_headquarters_can_follow():
    gone = ReportedUnknown(
        code="UNK-GEN-0009", class_name="", samples=(), merged_into="UNK-FEN-0007", changed=True
    )
    said = document(report([a_candidate(DAY, sample="NOG-1")], unknown("NOG-1"), gone))
    assert said["unknowns"][1]["merged_into"] == "UNK-FEN-0007"


def test_a_candidate_says_that_it_was_sent_for_confirmation():
    asked = ReportedRequest(
        sample="NOG-1",
        class_name="fentanyl",
        sent_to="Southwest Regional",
        sent_at=at(DAY - timedelta(days=3)),
    )
    made = report([a_candidate(DAY, sample="NOG-1")], unknown("NOG-1"), requests=[asked])
    said = document(made)
    assert said["candidates"][0]["way"].startswith("sent for confirmation to Southwest Regional")
    assert said["confirmations"][0]["state"] == "open"
    assert said["confirmations"][0]["days"] == 3
    page = html.render(made).decode()
    assert "Sent for confirmation" in page


def test_an_answer_stands_beside_the_candidate_and_changes_no_count():
    asked = ReportedRequest(
        sample="NOG-1",
        class_name="fentanyl",
        sent_to="Southwest Regional",
        sent_at=at(DAY - timedelta(days=3)),
        answer=Answer.IDENTIFIED,
        substance="furanylfentanyl",
        reference="SW-12",
        answered_at=at(DAY),
    )
    made = report([a_candidate(DAY, sample="NOG-1")], unknown("NOG-1"), requests=[asked])
    said = document(made)
    assert said["confirmations"][0]["substance"] == "furanylfentanyl"
    assert said["rows"][0]["substances"] == []
    assert said["day_counts"] == []
    assert said["totals"]["found"] == 0


def test_the_same_report_with_unknowns_gives_the_same_bytes():
    rows = [a_candidate(DAY, sample="NOG-1")]
    assert encode.to_json(report(rows, unknown("NOG-1"))) == encode.to_json(
        report(list(rows), unknown("NOG-1"))
    )
