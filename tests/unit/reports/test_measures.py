"""Turnaround and exceptions in the report: figures with totals, and nothing a person typed."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from lims.irregular_report import Irregularities, Irregularity
from reports import daily, encode, html, pdf, schema, table, turnaround_lines, view
from reports.measures import StageLine, TurnaroundPart, Work
from tests.unit.reports.builders import DAY, a_row, facts

AT = datetime(2026, 11, 23, 23, 59, tzinfo=UTC)


def a_stage(name="intake_to_presumptive", *, finished=0, still=0, **more):
    work = Work.FINISHED if finished else Work.ONLY_OPEN if still else Work.NOTHING
    values = {
        "name": name, "says": "submitted until the first answer", "work": work.value,
        "finished": finished, "open": still, "median": 12.5 if finished else None,
        "p90": 90.0 if finished else None, "median_with_open": None, "target": 300.0,
        "within_target": 0.75 if finished else None, "oldest_open": 4_000.0 if still else None,
    }  # fmt: skip
    return StageLine(**{**values, **more})


def a_part(*stages):
    return TurnaroundPart(at=AT, days=28, stages=stages)


LOST = Irregularities(
    lines=(
        Irregularity(sample="NOG-26-S000001-D", kind="lost", at=AT, resolved_at=None),
        Irregularity(sample="NOG-26-S000002-B", kind="seal", at=AT, resolved_at=AT),
    ),
    lost=1,
    unresolved=0,
)


def a_report(**more):
    return daily.compose([a_row(DAY, "fentanyl")], [], DAY, facts(**more))


def section(report, name):
    return next(each for each in view.build(report).sections if each.id == name)


def test_stage_prints_its_times_with_what_they_rest_on():
    part = a_part(a_stage(finished=8, still=2), a_stage(still=3), a_stage("wait_review"))
    rows = section(a_report(turnaround=part), "turnaround").rows
    assert rows[0][1:] == ("8 finished, 2 open", "12 min", "90 min", "–", "75 % of 8 in 5.0 h",
                           "2.8 d")  # fmt: skip
    assert rows[1][1:4] == ("none finished (0 of 3)", "–", "–")
    assert rows[2][1:4] == ("nothing began", "–", "–")


def test_lost_sample_is_an_exception_told_first():
    report = a_report(exceptions=LOST)
    names = [each.id for each in view.build(report).sections]
    assert names.index("exceptions") < names.index("signals")
    found = section(report, "exceptions")
    assert [each.mark for each in found.notices] == ["LOST", "DISCREPANCY"]
    assert "reported lost 2026-11-23 23:59 UTC, not found yet" in found.notices[0].text
    assert "samples lost and not found: 1" in found.intro
    assert section(a_report(), "exceptions").empty == "None."


def test_every_form_of_the_report_carries_the_new_parts():
    report = a_report(turnaround=a_part(a_stage(finished=8)), exceptions=LOST)
    document = json.loads(daily.to_json(report))
    assert document["turnaround"]["stages"][0]["median"] == 12.5
    assert document["exceptions"]["lines"][0]["kind"] == "lost"
    assert b"Exceptions of custody" in html.render(report)
    assert pdf.render(report).startswith(b"%PDF")
    lines = table.figures(report).decode().splitlines()
    assert lines[0] == "report_id,part,of,name,measure,unit,value"
    assert any(
        line.endswith("intake_to_presumptive,median,min,12.5") and ",turnaround," in line
        for line in lines
    )
    assert any(",exceptions,2026-11-23,NOG-26-S000001-D,lost at,UTC," in line for line in lines)


def test_new_parts_fit_the_documented_schema():
    report = a_report(turnaround=a_part(a_stage(finished=8, still=2)), exceptions=LOST)
    (row,) = report.rows
    report = replace(report, rows=(replace(row, field_tool="raman", unverified=("tracking",)),))
    document = json.loads(daily.to_json(report))
    assert schema.problems(document, schema.load("fol.daily/1")) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("exceptions", "lines", 0, "kind"), "Olga lost it"),
        (("exceptions", "lines", 0, "officer"), "olga"),
        (("turnaround", "stages", 0, "work"), "fine"),
        (("turnaround", "stages", 0, "within_target"), 1.5),
        (("rows", 0, "field_tool"), "Olga's TruScan"),
    ],
)
def test_new_parts_hold_kinds_and_figures_only(path, value):
    document = json.loads(
        daily.to_json(a_report(turnaround=a_part(a_stage(finished=1)), exceptions=LOST))
    )
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    assert schema.problems(document, schema.load("fol.daily/1"))


def test_report_of_earlier_software_still_fits_and_is_not_corrected_by_newer():
    old = json.loads(daily.to_json(a_report()))
    assert not {"turnaround", "exceptions"} & old.keys()
    assert schema.problems(old, schema.load("fol.daily/1")) == []
    row = a_row(DAY, "fentanyl", sample="S1", field_tool="TruScan", field_result="no match",
                unverified=("tracking",))  # fmt: skip
    then = encode.document(daily.compose([replace(row, field_tool="", unverified=())], [], DAY,
                                         facts()))  # fmt: skip
    del then["field_tools"]
    now = encode.document(
        daily.compose(
            [row], [], DAY, facts(turnaround=a_part(a_stage(finished=1)), exceptions=LOST)
        )
    )
    told = encode.as_told_by(then, now)
    assert encode.content_sha256(told) == encode.content_sha256(then)
    assert encode.content_sha256(now) != encode.content_sha256(then)


def test_turnaround_alone_makes_no_correction_and_a_loss_does():
    first = encode.document(a_report(turnaround=a_part(a_stage(finished=1))))
    later = encode.document(a_report(turnaround=a_part(a_stage(finished=2))))
    lost = encode.document(a_report(turnaround=a_part(a_stage(finished=1)), exceptions=LOST))

    def told(document):
        same = {**document, "rows": [{**row, "sample": "S", "shipment": "P"} for row in
                                     document["rows"]], "declared": [], "signals": [],
                "first_seen": []}  # fmt: skip
        return encode.content_sha256(same)

    assert told(first) == told(later)
    assert told(first) != told(lost)


def test_part_is_read_back_from_an_issued_document():
    part = a_part(a_stage(finished=8, still=2), a_stage(still=1))
    document = json.loads(daily.to_json(a_report(turnaround=part)))
    assert turnaround_lines.from_document(document["turnaround"]) == part


def test_software_without_the_part_is_told_from_nothing_to_tell():
    assert "Not told by the software" in section(a_report(), "turnaround").empty


def test_street_name_in_a_trade_name_declares_no_drug():
    from reports.document import SubstanceFact
    from reports.sections import declares

    known = {
        "mdma": SubstanceFact(name="MDMA", role="drug", synonyms=("ecstasy",)),
        "silicon dioxide": SubstanceFact(name="silicon dioxide", synonyms=("silica",)),
    }
    assert not declares("Ecstasy perfume", "MDMA", known)
    assert declares("ecstasy", "MDMA", known)
    assert declares("MDMA tablets", "MDMA", known)
    assert declares("silica gel", "silicon dioxide", known)
    assert not declares("", "MDMA", known)
