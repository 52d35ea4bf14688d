"""S-18: the field tool said nothing, and what the laboratory found then."""

from collections import Counter
from datetime import UTC, date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lims import field_tools as kinds
from reports import daily, field_tools, html, table, view
from tests.unit.reports.builders import DAY, a_candidate, a_row, at, facts

TZ = ZoneInfo("UTC")


def of_tool(tool, result, *substances, day=DAY, **more):
    return a_row(day, *substances, field_tool=tool, field_result=result, **more)


def a_month():
    return [
        of_tool("TruScan", "no match", "xylazine"),
        of_tool("TruNarc", "no match", "xylazine", "fentanyl"),
        of_tool("strip", "negative"),
        of_tool("TruScan", "no match", waiting=True),
        a_candidate(field_tool="TruScan", field_result="not in library"),
        of_tool("TruScan", "cocaine", "cocaine"),
        of_tool("", ""),
        of_tool("", "", day=date(2026, 10, 3)),
        of_tool("TruScan", "", "heroin", day=date(2026, 10, 4)),
        of_tool("TruScan", "no match", "heroin", day=date(2026, 9, 30)),
    ]


def test_month_counts_silent_tools_by_what_the_lab_found():
    before, now = field_tools.months(a_month(), TZ, DAY)
    assert (now.month, now.until) == ("2026-11", DAY)
    assert (now.submitted, now.named, now.no_match, now.not_tested) == (7, 1, 5, 1)
    assert {each.outcome: each.samples for each in now.outcomes} == {
        "found": 2, "candidate": 1, "no_match": 1, "waiting": 1,
    }  # fmt: skip
    assert [(each.name, each.samples, dict(each.tools)) for each in now.found] == [
        ("xylazine", 2, {"raman": 2}),
        ("fentanyl", 1, {"raman": 1}),
    ]
    by_tool = {each.tool: (each.tested, each.named, each.no_match) for each in now.tools}
    assert by_tool == {"raman": (5, 1, 4), "test_strip": (1, 0, 1)}
    assert (before.month, before.submitted, before.no_match) == ("2026-10", 2, 1)


def test_answer_given_later_moves_from_waiting_to_found_in_the_month_of_submission():
    late = of_tool("TruScan", "no match", "xylazine", submitted_at=at(date(2026, 10, 30)))
    (month,) = field_tools.months([late], TZ, DAY)
    assert month.month == "2026-10"
    report = daily.compose([late], [], date(2026, 11, 1), facts())
    assert [each.outcome for each in report.field_tools[0].outcomes] == ["waiting"]
    later = daily.compose([late], [], DAY, facts())
    assert [each.outcome for each in later.field_tools[0].outcomes] == ["found"]


def test_candidate_is_counted_and_never_named():
    (month,) = field_tools.months([a_month()[4]], TZ, DAY)
    assert month.found == ()
    assert month.outcomes[0].outcome == "candidate"


def test_month_is_the_laboratorys_own():
    row = of_tool("", "no match", submitted_at=at(date(2026, 11, 1), 3))
    assert field_tools.months([row], TZ, DAY)[0].month == "2026-11"
    assert field_tools.months([row], ZoneInfo("America/Phoenix"), DAY)[0].month == "2026-10"


ROWS = st.lists(
    st.builds(
        of_tool,
        st.sampled_from(["", "TruScan", "strip", "x"]),
        st.sampled_from(["", "no match", "negative", "fentanyl", "not tested"]),
        st.sampled_from(["xylazine", "fentanyl"]),
        waiting=st.booleans(),
        day=st.dates(date(2026, 9, 20), DAY),
    ),
    max_size=25,
)


@settings(max_examples=60)
@given(ROWS)
def test_counts_agree_with_counting_by_hand(rows):
    for month in field_tools.months(rows, TZ, DAY):
        of_month = [r for r in rows if f"{r.submitted_at.astimezone(UTC):%Y-%m}" == month.month]
        by_hand = Counter(kinds.said(r.field_tool, r.field_result).value for r in of_month)
        assert month.submitted == len(of_month) == sum(by_hand.values())
        assert (month.named, month.no_match, month.not_tested) == tuple(
            by_hand[each] for each in ("named", "no_match", "not_tested")
        )
        assert sum(each.samples for each in month.outcomes) == month.no_match
        # Somebody may type a result and no tool: such samples are of a kind that is not stated.
        assert sum(each.tested for each in month.tools) == month.named + month.no_match


@settings(max_examples=40)
@given(ROWS, ROWS)
def test_two_laboratories_together_are_their_sum(first, second):
    apart = [*field_tools.months(first, TZ, DAY), *field_tools.months(second, TZ, DAY)]
    assert field_tools.merged(apart) == field_tools.months([*first, *second], TZ, DAY)


@pytest.mark.parametrize("typed", ["Officer Zqwxyz's TruScan", "Zqwxyz"])
def test_typed_tool_leaves_only_as_a_kind(typed):
    report = daily.compose([of_tool(typed, "no match", "xylazine")], [], DAY, facts())
    printed = b"".join(
        (daily.to_json(report), html.render(report), table.csv(report), table.figures(report))
    )
    assert b"Zqwxyz" not in printed
    assert report.rows[0].field_tool in set(kinds.Tool)


def test_report_prints_the_three_counts_with_their_total():
    report = daily.compose(a_month(), [], DAY, facts())
    section = next(each for each in view.build(report).sections if each.id == "field-tools")
    assert "of 7 submitted" in section.intro
    assert "found no match in 5, and 1 were not tested" in section.intro
    assert ("2026-11", "no match, then xylazine", "2", "5", "raman 2") in section.rows


def test_nothing_submitted_is_said_and_divides_by_nothing():
    report = daily.compose([], [], DAY, facts())
    section = next(each for each in view.build(report).sections if each.id == "field-tools")
    assert section.rows == ()
    assert "Nothing submitted" in section.empty
    assert "field_tools" not in daily.to_json(report).decode()
