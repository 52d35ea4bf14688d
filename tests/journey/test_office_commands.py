"""The office around the bench, from the command line: one journey for each scenario."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from lims import clock, conclusion, outbox, queries
from lims.lab import open_lab
from lims.model import ShipmentState
from tests.lims_builders import a_finding, a_lab, a_sample, a_shipment, an_entry
from tui.cli import main

NIGHT = datetime(2026, 11, 24, 23, 0, tzinfo=UTC)  # a Tuesday


@pytest.fixture
def at(monkeypatch):
    """Set the one clock of the record."""

    def _at(moment):
        monkeypatch.setattr(clock, "now", lambda: moment)

    _at(NIGHT)
    return _at


@pytest.fixture
def run(capsys):
    def _run(*arguments, code=0, by=""):
        acting = ["--as", by] if by else []
        found = main([*acting, *(str(argument) for argument in arguments)])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        assert found == code, captured.err
        return captured.out if code == 0 else captured.out + captured.err

    return _run


@pytest.fixture
def lab(tmp_path, monkeypatch, at):
    made = a_lab(tmp_path / "lab")
    monkeypatch.setenv("FOL_LAB", str(tmp_path / "lab"))
    monkeypatch.delenv("FOL_PERSON", raising=False)
    yield made
    made.close()


def told(text, schema):
    found = json.loads(text)
    assert found["schema"] == schema
    return found


def answered(lab, folder, *names, **draft):
    """A sample of olga's with a presumptive conclusion that names ``names``."""
    sample = a_sample(lab, officer="olga", **draft)
    a_finding(lab, folder, sample.number, an_entry("match", *names), reviewed=True)
    conclusion.conclude(lab, "ana", sample.number)
    return sample.number


def test_an_outcome_comes_back_and_later_parcels_show_the_case(run, lab):
    first = a_shipment(lab, consignee="Acme Imports, L.L.C.", consignor="Sol y Mar").number
    case = run("case", "open", "pigment sets", "--with", first, by="olga").strip()
    run(
        "case", "outcome", case, "one man held", "--kind", "arrest", "--on", "2026-11-24",
        by="lia",
    )  # fmt: skip
    run(
        "case", "outcome", case, "4 kg in a garage", "--kind", "linked_seizure",
        "--substance", "fentanyl", "--mass", "4 kg", by="lia",
    )  # fmt: skip
    added = told(
        run("shipment", "add", "--declared", "salt", "--consignee", "ACME IMPORTS", "--json",
            by="olga"),
        "fol.shipment.add/1",
    )  # fmt: skip
    (match,) = added["case_matches"]
    assert match["case"] == case
    assert match["says"] == f"same consignee as {first}"
    assert match["outcomes"] == ["arrest", "linked_seizure"]
    second = added["shipments"][0]["number"]
    assert "arrest" in run("case", "matches", second)
    run("case", "dismiss", case, second, "--reason", "a large importer", by="olga")
    assert not told(run("case", "matches", "--json"), "fol.case.matches/1")["matches"]
    (line,) = told(run("case", "list", "--json"), "fol.case.list/1")["cases"]
    assert (line["shipments"], line["linked_seizures"], line["to_look_at"]) == (1, 1, 0)
    run("case", "close", case, "--reason", "handed to the prosecutor", by="olga")
    assert "was closed" in run("case", "link", case, second, "--reason", "x", by="olga", code=3)


def test_a_case_without_an_outcome_is_not_closed(run, lab):
    case = run("case", "open", "nothing yet", by="olga").strip()
    assert "no outcome" in run("case", "close", case, "--reason", "tidy", by="olga", code=3)


def test_what_was_seized_elsewhere_is_no_sample_of_the_port(run, lab, at, tmp_path):
    port, elsewhere = answered(lab, tmp_path, "xylazine"), a_sample(lab).number
    case = run("case", "open", "garage", "--with", port, by="olga").strip()
    day = (NIGHT - timedelta(hours=2), NIGHT + timedelta(hours=3))
    at(NIGHT + timedelta(hours=1))
    assert {row.sample for row in queries.report_rows(lab, *day)} == {port, elsewhere}
    run(
        "case", "link", case, elsewhere, "--seized-elsewhere", "--reason", "from the garage",
        by="olga",
    )  # fmt: skip
    assert {row.sample for row in queries.report_rows(lab, *day)} == {port}


def test_the_queue_shows_first_what_the_window_still_holds(run, lab, at):
    slow = a_sample(lab, description="slow", lane="full").number
    quick = a_sample(lab, description="quick").number
    run("shift", "set", "--window", "mon-fri 22:00-02:30", "--reason", "winter", by="lee")
    run("sample", "priority", slow, 90, "--reason", "court", by="lee")
    at(NIGHT)
    first = told(run("queue", "--json"), "fol.queue/1")
    assert first["window"]["minutes_left"] == 210
    assert [row["sample"] for row in first["rows"]] == [slow, quick]
    assert all(row["fits"] for row in first["rows"])
    at(NIGHT + timedelta(hours=2))
    later = told(run("queue", "--json"), "fol.queue/1")
    assert later["window"]["minutes_left"] == 90
    assert [(r["sample"], r["fits"]) for r in later["rows"]] == [(quick, True), (slow, False)]
    assert [
        r["sample"] for r in told(run("queue", "--order", "age", "--json"), "fol.queue/1")["rows"]
    ] == [slow, quick]
    assert "90 minutes left" in run("shift", "show")


def test_while_the_scientist_is_away_old_samples_are_offered(run, lab, at):
    old = a_sample(lab).number
    at(NIGHT + timedelta(days=10))
    new = a_sample(lab).number
    run("cover", "add", "ana", "--from", "2026-12-10", "--to", "2026-12-11", by="lee")
    found = told(run("cover", "waiting", "--json"), "fol.cover.waiting/1")["samples"]
    assert [each["sample"] for each in found] == [old]
    assert found[0]["next_cover"].startswith("2026-12-10")
    queue = told(run("queue", "--json"), "fol.queue/1")
    assert queue["next_cover"]["person"] == "ana"
    run("sample", "send", old, "--to-lab", "Tucson", by="cus")
    (away,) = told(run("sample", "away", "--json"), "fol.sample.away/1")["transfers"]
    assert (away["sample"], away["purpose"]) == (old, "take_over")
    assert not told(run("cover", "waiting", "--json"), "fol.cover.waiting/1")["samples"]
    run("cover", "cancel", 1, "--reason", "ill", by="lee")
    assert not told(run("cover", "list", "--json"), "fol.cover.list/1")["cover"]
    assert new


def test_a_confirmed_answer_stands_beside_ours_and_readers_hear_of_a_difference(
    run, lab, at, tmp_path
):
    sample = answered(lab, tmp_path, "xylazine")
    ours = run("sample", "show", sample)
    run("sample", "send", sample, "--to-lab", "Southwest Regional", by="ana")
    run("sample", "arrived", sample, "--with", "J. Ruiz", by="ana")
    at(NIGHT + timedelta(days=400))
    (open_,) = told(run("confirmation", "list", "--json"), "fol.confirmation.list/1")["requests"]
    assert open_["days"] == 400
    run("sample", "answer", sample, "--substance", "cocaine", "--reference", "R-9", by="ana")
    shown = run("sample", "show", sample)
    assert "beside it, Southwest Regional: cocaine (report R-9)" in shown
    assert "presumptive: xylazine" in ours
    assert "presumptive: xylazine" in shown
    notices = told(run("notice", "list", "--json"), "fol.notice.list/1")["notices"]
    assert {each["recipient"] for each in notices} == {"olga", "rex"}
    assert "identified cocaine" in notices[0]["text"]
    assert "differs" in run("alerts", "--for", "olga")
    mine = next(each["number"] for each in notices if each["recipient"] == "olga")
    run("notice", "seen", mine, by="olga")
    assert not told(run("notice", "list", "--for", "olga", "--json"), "fol.notice.list/1")[
        "notices"
    ]
    assert not told(run("confirmation", "list", "--json"), "fol.confirmation.list/1")["requests"]


def test_a_custodian_sends_samples_but_judges_no_answer(run, lab, tmp_path):
    sample = answered(lab, tmp_path, "xylazine")
    said = run("sample", "send", sample, "--to-lab", "Southwest", by="cus", code=3)
    assert "may not" in said
    assert not told(run("sample", "away", "--json"), "fol.sample.away/1")["transfers"]
    run("sample", "send", sample, "--to-lab", "Southwest", by="ana")
    said = run("sample", "answer", sample, "--substance", "cocaine", by="cus", code=3)
    assert "may not" in said
    (away,) = told(run("sample", "away", "--json"), "fol.sample.away/1")["transfers"]
    assert away["closed_at"] is None


def test_an_answer_that_agrees_tells_nobody(run, lab, tmp_path):
    sample = answered(lab, tmp_path, "xylazine")
    run("sample", "send", sample, "--to-lab", "Southwest", by="ana")
    run("confirmation", "answer", f"{sample}.F1", "--substance", "xylazine", by="ana")
    assert not told(run("notice", "list", "--json"), "fol.notice.list/1")["notices"]
    assert not told(run("sample", "away", "--json"), "fol.sample.away/1")["transfers"]


def test_honest_goods_leave_tonight_and_are_no_seizure(run, lab, tmp_path):
    parcel = a_shipment(lab, declared_goods="caffeine").number
    sample = answered(lab, tmp_path, "caffeine", shipment=parcel)
    run("release", parcel, "--reason", "found as declared", by="olga")
    assert queries.shipment(lab, parcel).state is ShipmentState.RELEASED
    (row,) = queries.report_rows(lab, NIGHT, NIGHT + timedelta(hours=1))
    assert (row.sample, row.shipment_state) == (sample, "released")


def test_investigators_accept_decline_or_let_the_window_close(run, lab, at):
    run("shift", "set", "--window", "mon-fri 22:00-02:30", "--reason", "winter", by="lee")
    one, two = a_sample(lab).number, a_sample(lab).number
    run("notice", "send", one, "--to", "HSI Nogales", "--embargo", by="olga")
    run("notice", "send", two, "--to", "HSI Nogales", by="olga")
    board = told(run("board", "--json"), "fol.board/1")["rows"]
    assert [row["sample"] for row in board] == [two]
    (first, second) = told(run("notice", "list", "--json"), "fol.notice.list/1")["notices"]
    assert first["minutes_left"] == 210
    said = run("notice", "send", one, "--to", "HSI Nogales", by="olga", code=3)
    assert "already" in said
    assert "reason" in run("notice", "decline", 2, by="olga", code=2)
    at(NIGHT + timedelta(hours=4))
    states = {
        n["number"]: n["state"]
        for n in told(run("notice", "list", "--json"), "fol.notice.list/1")["notices"]
    }
    assert states == {1: "expired", 2: "expired"}
    assert "is expired" in run("notice", "accept", 1, by="olga", code=3)
    run("notice", "send", two, "--to", "HSI Nogales", "--minutes", 30, by="olga")
    run("notice", "accept", 3, "--reason", "delivery at nine", by="olga")
    run("notice", "lift", 1, "--reason", "nobody came", by="olga")
    board = told(run("board", "--json"), "fol.board/1")["rows"]
    assert {row["sample"] for row in board} == {one, two}
    assert second["state"] == "waiting"


def test_a_silent_field_tool_goes_first(run, lab):
    plain = a_sample(lab).number
    silent = a_sample(lab, field_tool="handheld", field_result="no match").number
    rows = told(run("queue", "--json"), "fol.queue/1")["rows"]
    assert [row["sample"] for row in rows] == [silent, plain]


def test_other_requests_say_how_long_they_take(run, lab):
    parcel = a_shipment(lab).number
    run(
        "sample", "add", "--shipment", parcel, "--description", "ash", "--request", "waste",
        "--lane", "full", by="olga",
    )  # fmt: skip
    (row,) = told(run("queue", "--json"), "fol.queue/1")["rows"]
    assert (row["request"], row["expected_minutes"], row["measured"]) == ("waste", 1440.0, 0)


def test_the_record_of_all_this_replays_to_the_same_rows(run, lab, at, tmp_path):
    from lims import audit

    test_a_confirmed_answer_stands_beside_ours_and_readers_hear_of_a_difference(
        run, lab, at, tmp_path
    )
    parcel = a_shipment(lab, consignee="Acme Imports").number
    case = run("case", "open", "x", "--with", parcel, by="olga").strip()
    later = a_shipment(lab, consignee="ACME imports inc").number
    run("case", "dismiss", case, later, "--reason", "other", by="olga")
    run("shift", "set", "--window", "mon 22:00-02:30", "--reason", "winter", by="lee")
    run("cover", "add", "ana", "--from", "2028-01-01", "--to", "2028-01-02", by="lee")
    run("notice", "send", a_sample(lab).number, "--to", "HSI", "--embargo", by="olga")
    opened = open_lab(lab.folder)
    assert audit.replay(opened) == audit.projected(opened)
    assert not outbox.pending(opened)
    opened.close()
