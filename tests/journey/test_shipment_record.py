"""What a parcel's papers say against what was found, from the command line (S-02, S-15)."""

import json
from pathlib import Path

import pytest

from lims import alerts, records
from tests.lims_builders import a_finding, a_lab, an_entry
from tui.cli import main

SAND = (
    "--declared", "silicon dioxide", "--value", "10 USD", "--weight", "1.5 kg", "--freight",
    "25 USD", "--hs", "2811.22", "--hs-edition", "2022", "--consignor", "Sol y Mar",
    "--notify-party", "Broker & Sons", "--port-of-loading", "CN SHA", "--port-of-discharge",
    "US NOG", "--gross-weight", "1.62 kg", "--net-weight", "1.5 kg", "--pieces", "1",
)  # fmt: skip


@pytest.fixture
def run(capsys):
    def _run(*arguments, code=0, by="lee"):
        found = main([*("--as", by), *(str(argument) for argument in arguments)])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        assert found == code, captured.err
        return captured.out + (captured.err if "--json" not in arguments else "")

    return _run


@pytest.fixture
def lab(tmp_path, monkeypatch):
    made = a_lab(tmp_path / "lab")
    monkeypatch.setenv("FOL_LAB", str(tmp_path / "lab"))
    monkeypatch.delenv("FOL_PERSON", raising=False)
    yield made
    made.close()


def told(text, schema):
    found = json.loads(text)
    assert found["schema"] == schema
    return found


def submitted(run, parcel):
    return told(
        run("sample", "add", "--shipment", parcel, "--description", "powder", "--json", by="ana"),
        "fol.sample.add/1",
    )["samples"][0]["number"]


def test_the_sand_that_was_xylazine(run, lab, tmp_path):
    (made,) = told(run("shipment", "add", *SAND, "--json"), "fol.shipment.add/1")["shipments"]
    assert made["draft"]["declared_weight"] == "1.5 kg"
    assert made["draft"]["freight"] == "25 USD"
    assert made["unverified"] == []
    assert made["notes"] == ["declared value 6.67 USD per kg", "freight above goods value"]
    sample = submitted(run, made["number"])
    a_finding(lab, tmp_path, sample, an_entry("match", "xylazine"), reviewed=True)
    run("conclude", sample)
    shown = told(run("shipment", "show", made["number"], "--json"), "fol.shipment.show/1")
    odd = {each["kind"]: each for each in shown["mismatches"]}
    assert odd["value_per_kg"]["figures"] == {"value_per_kg": "6.67 USD"}
    assert odd["value_per_kg"]["fields"] == ["declared_value", "net_weight"]
    assert odd["freight"]["figures"]["freight_over_value"] == "2.50"
    assert odd["substance"]["says"] == "declared silicon dioxide, found xylazine (adulterant)"
    assert odd["heading"]["says"].startswith(
        "declared HS 2811.22 (Silicon dioxide), found xylazine"
    )
    assert odd["substance"]["says"] in shown["shipment"]["notes"]
    said = run("shipment", "show", made["number"])
    assert "notify party: Broker & Sons" in said
    assert "port of loading: CN SHA" in said
    assert "freight over value 2.50" in said
    assert "not as declared" in run(
        "release", made["number"], "--reason", "fine", code=3, by="olga"
    )


def test_honest_goods_leave_tonight(run, lab, tmp_path):
    parcel = told(
        run(
            "shipment", "add", "--declared", "calcium carbonate filler", "--hs", "2836.50",
            "--weight", "1 kg", "--value", "40 USD", "--freight", "9 USD", "--json",
        ),
        "fol.shipment.add/1",
    )["shipments"][0]["number"]  # fmt: skip
    sample = submitted(run, parcel)
    a_finding(lab, tmp_path, sample, an_entry("match", "calcium carbonate"), reviewed=True)
    run("conclude", sample)
    run("release", parcel, "--reason", "found as declared", by="olga")
    shown = told(run("shipment", "show", parcel, "--json"), "fol.shipment.show/1")
    assert shown["shipment"]["state"] == "released"
    assert [each["odd"] for each in shown["mismatches"]] == [False]
    made = told(run("report", "daily", "--json"), "fol.report.daily/1")
    report = json.loads(Path(made["paths"]["json"]).read_text(encoding="utf-8"))
    assert (report["totals"]["tested"], report["totals"]["released"]) == (1, 1)
    assert report["totals"]["seized"] == 0
    assert report["declared"][0]["verdict"] == "agrees"


def test_parcel_is_weighed_and_held_against_its_papers(run, lab):
    run(
        "custody", "balance", "parcel scale", "--repeatability", "1 g", "--calibration", "1 g",
        "--certificate", "C-1",
    )  # fmt: skip
    parcel = run("shipment", "add", *SAND).split()[0]
    said = run("shipment", "weigh", parcel, "--mass", "1.618 kg", "--balance", "parcel scale",
               by="ana")  # fmt: skip
    assert "tolerated" not in said
    found = told(
        run("shipment", "weigh", parcel, "--mass", "2.4 kg", "--balance", "parcel scale",
            "--json", by="ana"),
        "fol.shipment.weigh/1",
    )  # fmt: skip
    assert found["mismatches"][0]["figures"]["difference"] == "0.78 kg"
    shown = told(run("shipment", "show", parcel, "--json"), "fol.shipment.show/1")
    assert [each["mass_ug"] for each in shown["weighings"]] == [1_618_000_000, 2_400_000_000]
    assert any("0.78 kg more" in note for note in shown["shipment"]["notes"])
    assert "there is no balance" in run(
        "shipment", "weigh", parcel, "--mass", "1 kg", "--balance", "none", code=3, by="ana"
    )


def test_slip_in_a_number_is_kept_marked_and_shown(run, lab):
    said = run("shipment", "add", "--declared", "salt", "--tracking", "176-12345676",
               "--hs", "2939.71", "--origin", "ZZ")  # fmt: skip
    parcel = said.split()[0]
    assert said.count("unverified") == 3
    shown = run("shipment", "show", parcel)
    assert "tracking: 176-12345676 (unverified)" in shown
    assert "hs code: 2939.71 (unverified)" in shown
    run(
        "sample", "correct", parcel, "--field", "tracking", "--to", "176-12345675", "--reason",
        "misread",
    )  # fmt: skip
    fields = {each.field for each in records.shipment(lab.db, parcel).unverified}
    assert fields == {"hs_code", "origin"}


def test_what_was_found_stays_hidden_until_the_notice_is_seen(run, lab, tmp_path):
    parcel = run("shipment", "add", *SAND).split()[0]
    sample = submitted(run, parcel)
    a_finding(lab, tmp_path, sample, an_entry("match", "fentanyl", hazard="H1"))
    assert "fentanyl" not in run("shipment", "show", parcel)
    assert "fentanyl" not in run("shipment", "show", parcel, "--json")
    (alert,) = alerts.open_alerts(lab)
    run("alerts", "acknowledge", alert.id, by="ana")
    assert "found fentanyl" in run("shipment", "show", parcel)


def test_month_tells_what_the_lab_found_where_the_field_tool_said_nothing(run, lab, tmp_path):
    def of(result, *names, tool="TruScan"):
        parcel = run("shipment", "add", "--declared", "salt").split()[0]
        sample = run(
            "sample", "add", "--shipment", parcel, "--description", "x", "--field-tool", tool,
            "--field-result", result, by="ana",
        ).split()[0]  # fmt: skip
        if names:
            a_finding(lab, tmp_path, sample, an_entry("match", *names), reviewed=True)
            run("conclude", sample)

    of("no match", "xylazine")
    of("no match", "xylazine")
    of("no match")
    of("cocaine", "cocaine")
    of("", tool="")
    found = told(run("report", "month", "--json"), "fol.report.month/1")["month"]
    tools = found["field_tools"]
    assert (tools["submitted"], tools["named"], tools["no_match"], tools["not_tested"]) == (
        5, 1, 3, 1,
    )  # fmt: skip
    assert tools["found"] == [{"name": "xylazine", "samples": 2, "tools": {"raman": 2}}]
    assert {each["outcome"]: each["samples"] for each in tools["outcomes"]} == {
        "found": 2, "waiting": 1,
    }  # fmt: skip
    said = run("report", "month")
    assert "of 5 submitted" in said
    assert "no match, then xylazine" in said
    assert "intake to presumptive" in said
    assert "has not begun" in run("report", "month", "--month", "2999-01", code=3)
    assert "not a month" in run("report", "month", "--month", "November", code=2)


def test_lost_sample_is_in_the_next_report_without_a_name(run, lab):
    parcel = run("shipment", "add", "--declared", "salt", "--consignee", "Somebody").split()[0]
    sample = submitted(run, parcel)
    run("sample", "lost", sample, "--says", "Ana left it on the shelf", by="ana")
    made = told(run("report", "daily", "--json"), "fol.report.daily/1")
    text = Path(made["paths"]["json"]).read_text(encoding="utf-8")
    found = json.loads(text)["exceptions"]
    assert (found["lost"], found["unresolved"]) == (1, 0)
    assert [(each["sample"], each["kind"]) for each in found["lines"]] == [(sample, "lost")]
    assert "shelf" not in text
    assert "Somebody" not in text
    assert "reported lost" in run("report", "month")
