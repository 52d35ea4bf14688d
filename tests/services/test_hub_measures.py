"""Headquarters beside the samples: turnaround by laboratory, exceptions, field tools of all."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from reports import daily, encode, hub_digest, hub_measures, hub_view
from reports.document import Issue
from reports.hub_store import SqliteHubStore
from tests.services.hub_builders import DAY, NOW, a_site, at_moment, day_before
from tests.unit.reports.builders import a_row, facts
from tests.unit.reports.test_measures import LOST, a_part, a_stage


@pytest.fixture
def hub(tmp_path):
    store = SqliteHubStore(tmp_path)
    with at_moment(NOW + timedelta(hours=8)):
        yield tmp_path, store, {name: a_site(name, store) for name in ("AAA", "BBB", "CCC", "OLD")}
    store.close()


def a_body(site, rows, *, day=DAY, sequence=1, kind="daily", supersedes="", **more):
    of_lab = facts(site=site.name, name=f"Laboratory {site.name}", **more)
    number = f"{site.name}-{day}-d" + (f".c{sequence - 1}" if kind != "daily" else "")
    issue = Issue(
        report_id=number, sequence=sequence, kind=kind, supersedes=supersedes,
        reason="amended" if kind != "daily" else "",
    )  # fmt: skip
    return encode.to_json(daily.issued(daily.compose(rows, [], day, of_lab), issue))


def silent(name, number, *substances, day=DAY):
    return a_row(
        day, *substances, sample=f"{name}-{day}-{number}", field_tool="TruScan",
        field_result="no match",
    )  # fmt: skip


def test_three_kinds_of_silence_stay_three_in_the_turnaround(hub):
    folder, store, sites = hub
    busy = a_part(a_stage(finished=8, still=2), a_stage("wait_review"))
    assert sites["AAA"].send(store, a_body(sites["AAA"], [], turnaround=busy)).code == "stored"
    idle = a_part(a_stage(), a_stage("wait_review", still=2))
    assert sites["BBB"].send(store, a_body(sites["BBB"], [], turnaround=idle)).code == "stored"
    assert sites["OLD"].send(store, a_body(sites["OLD"], [])).code == "stored"
    made = hub_digest.digest(folder, DAY)
    by_site = {lab.site: lab for lab in made.labs}
    assert by_site["AAA"].turnaround == busy
    assert by_site["CCC"].turnaround is None
    table = next(s for s in hub_view.build(made).sections if s.id == "turnaround").rows
    states = [(row[0], row[2]) for row in table]
    assert states == [
        ("AAA", "8 finished, 2 open"),
        ("AAA", "nothing began"),
        ("BBB", "nothing began"),
        ("BBB", "none finished (0 of 2)"),
        ("CCC", "no report received"),
        ("OLD", "not told by its software"),
    ]
    assert (
        "first answers at AAA: 8 finished, 2 open · median 12 min, 90 % 90 min · 75% within 5.0 h"
        " · oldest open 2.8 d"
    ) in made.lines()
    assert "first answers at BBB: nothing began" in made.lines()
    stored = json.loads(hub_digest.to_json(made))
    assert stored["labs"][0]["turnaround"]["stages"][0]["within_target"] == 0.75
    assert stored["labs"][2]["turnaround"] is None


def test_lost_sample_reaches_headquarters_as_an_exception(hub):
    folder, store, sites = hub
    body = a_body(sites["AAA"], [], turnaround=a_part(), exceptions=LOST)
    assert sites["AAA"].send(store, body).code == "stored"
    made = hub_digest.digest(folder, DAY)
    assert [line for line in made.lines() if line.startswith("EXCEPTION")] == [
        "EXCEPTION  AAA NOG-26-S000001-D: reported lost 2026-11-23 23:59 UTC, not found yet",
        "EXCEPTION  AAA NOG-26-S000002-B: seal does not agree 2026-11-23 23:59 UTC, resolved "
        "2026-11-23 23:59 UTC",
    ]
    rows = next(s for s in hub_view.build(made).sections if s.id == "exceptions").rows
    assert rows[-1][0] == "AAA"
    assert "not found: 1" in rows[-1][2]
    assert b"Exceptions of custody" in hub_view.render_html(made)
    assert hub_view.render_pdf(made).startswith(b"%PDF")


def test_field_tools_of_all_are_the_sums_of_the_laboratories_own_figures(hub):
    folder, store, sites = hub
    part = a_part()
    for name, found in (("AAA", "xylazine"), ("BBB", "fentanyl")):
        rows = [silent(name, n, found) for n in range(3)] + [a_row(sample=f"{name}-x")]
        assert sites[name].send(store, a_body(sites[name], rows, turnaround=part)).code == "stored"
    # An earlier day of a lab that has not reported this one still tells its month so far.
    before = day_before(2)
    old = [silent("CCC", n, "xylazine", day=before) for n in range(2)]
    body = a_body(sites["CCC"], old, day=before, turnaround=part)
    assert sites["CCC"].send(store, body).code == "stored"
    told = hub_digest.digest(folder, DAY).field_tools
    (month,) = told.months
    assert (month.submitted, month.no_match, month.not_tested) == (10, 8, 2)
    assert [(each.name, each.samples) for each in month.found] == [("xylazine", 5), ("fentanyl", 3)]
    assert told.until["CCC"] == before
    assert told.untold == ("OLD",)
    intro = next(
        s for s in hub_view.build(hub_digest.digest(folder, DAY)).sections if s.id == "field-tools"
    ).intro
    assert "From 3 of 4 laboratories" in intro
    assert f"Not up to the day: CCC to {before}" in intro
    assert "Nothing told this month by OLD" in intro


def test_corrected_report_counts_once_and_a_retracted_one_not_at_all(hub):
    folder, store, sites = hub
    site, part = sites["AAA"], a_part()
    rows = [silent("AAA", n, "xylazine") for n in range(3)]
    assert site.send(store, a_body(site, rows, turnaround=part)).code == "stored"
    fixed = a_body(
        site, rows[:2], sequence=2, kind="correction", supersedes=f"AAA-{DAY}-d", turnaround=part
    )
    assert site.send(store, fixed).code == "stored"
    assert hub_digest.digest(folder, DAY).field_tools.months[0].no_match == 2
    gone = a_body(
        site, [], sequence=3, kind="retraction", supersedes=f"AAA-{DAY}-d.c1", turnaround=part
    )
    assert site.send(store, gone).code == "stored"
    told = hub_digest.digest(folder, DAY)
    assert told.field_tools.months == ()
    assert "AAA" in told.field_tools.untold
    assert told.labs[0].turnaround is None


def test_month_begins_anew_at_headquarters_too(hub):
    folder, store, sites = hub
    site = sites["AAA"]
    body = a_body(site, [silent("AAA", 1, "xylazine")], turnaround=a_part())
    assert site.send(store, body).code == "stored"
    next_month = hub_digest.digest(folder, DAY + timedelta(days=10)).field_tools
    assert next_month.months == ()
    assert "AAA" in next_month.untold


def _month_of(document):
    return document["field_tools"][-1]


HOSTILE = {
    "a day that is none": lambda d: _month_of(d).update(until="2026-11-99"),
    "a month of another year": lambda d: _month_of(d).update(month="2025-11"),
    "a day not yet come": lambda d: _month_of(d).update(until="2026-11-30"),
    "a total that does not add up": lambda d: _month_of(d).update(submitted=99),
    "outcomes that do not add up": lambda d: _month_of(d).update(outcomes=[]),
    "tools that do not add up": lambda d: _month_of(d)["found"][0]["tools"].update(raman=9),
    "more tools than samples": lambda d: _month_of(d)["tools"][0].update(tested=9),
    "a moment that is none": lambda d: d["turnaround"].update(at="2026-99-99T99:99:99.999Z"),
    "a figure beyond any lab": lambda d: d["turnaround"]["stages"][0].update(p90=1e300),
    "a state that does not fit": lambda d: d["turnaround"]["stages"][0].update(work="nothing"),
    "a time of nothing": lambda d: d["turnaround"]["stages"][1].update(median=1),
    "a loss at no time": lambda d: d["exceptions"]["lines"][0].update(
        at="2026-13-01T00:00:00.000Z"
    ),
}


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE)
def test_figures_that_cannot_be_are_refused_and_the_digest_goes_on(hub, change):
    folder, store, sites = hub
    site = sites["AAA"]
    part = a_part(a_stage(finished=8, still=2), a_stage("wait_review"))
    rows = [silent("AAA", 1, "xylazine")]
    document = json.loads(a_body(site, rows, turnaround=part, exceptions=LOST))
    change(document)
    receipt = site.send(store, encode.canonical(document))
    assert (receipt.status, receipt.code) == (422, "wrong_measures")
    assert hub_digest.digest(folder, DAY).reported == 0
    assert site.send(store, a_body(site, rows, turnaround=part, exceptions=LOST)).code == "stored"


def test_report_of_earlier_software_is_stored_without_the_parts(hub):
    folder, store, sites = hub
    document = json.loads(a_body(sites["OLD"], [silent("OLD", 1, "xylazine")]))
    for part in ("field_tools", "turnaround", "exceptions"):
        document.pop(part, None)
    for row in document["rows"]:
        del row["field_tool"]
    assert sites["OLD"].send(store, encode.canonical(document)).code == "stored"
    lab = next(each for each in hub_digest.digest(folder, DAY).labs if each.site == "OLD")
    assert (lab.tested, lab.turnaround, lab.exceptions) == (1, None, None)


def test_name_headquarters_does_not_know_is_counted_and_not_repeated(hub):
    folder, store, sites = hub
    rows = [silent("AAA", n, name) for n, name in enumerate(("xylazine", "unknown goo"))]
    receipt = sites["AAA"].send(store, a_body(sites["AAA"], rows, turnaround=a_part()))
    assert receipt.code == "stored"
    (month,) = hub_digest.digest(folder, DAY).field_tools.months
    assert [each.name for each in month.found] == [hub_measures.HELD, "xylazine"]
    store.accept_name("unknown goo", "lia")
    (month,) = hub_digest.digest(folder, DAY).field_tools.months
    assert [each.name for each in month.found] == ["unknown goo", "xylazine"]
