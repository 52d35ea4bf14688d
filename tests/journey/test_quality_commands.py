"""Instruments verified, controls recorded, results held and released, on the command line."""

import json

import pytest

from tests.unit.lims.standard_files import of_bands, of_standard, written
from tui.cli import main


@pytest.fixture
def run(capsys):
    def _run(*arguments):
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return code, captured.out, captured.err

    return _run


@pytest.fixture
def lab(tmp_path, run, monkeypatch):
    monkeypatch.setenv("FOL_LAB", str(tmp_path / "lab"))
    monkeypatch.setenv("FOL_PERSON", "rivera")
    assert run("init", "--site", "NOG", "--name", "Nogales", "--person", "rivera")[0] == 0
    for person, role in (("qm", "quality"), ("rex", "reviewer")):
        assert run("person", "add", person, "--name", person, "--role", role)[0] == 0
    assert run("instrument", "add", "raman-1", "--kind", "raman", "--laser-nm", "785")[0] == 0
    return tmp_path / "lab"


def document(text, schema):
    found = json.loads(text)
    assert found["schema"] == schema
    return found


def test_an_instrument_is_verified_shown_and_its_interval_changed(lab, run, tmp_path):
    good = written(tmp_path, "ps.jdx", of_standard("polystyrene", off_cm1=3.0))
    code, out, _ = run("instrument", "verify", "raman-1", good, "--standard", "polystyrene")
    assert code == 0
    assert "verification 1 of raman-1: axis by polystyrene, passed" in out
    assert "band 1001.4" in out
    assert "ASTM E1840" in out
    shown = document(run("instrument", "checks", "--json")[1], "fol.instrument.checks/1")
    (axis,) = shown["aspects"]
    assert (axis["aspect"], axis["standing"], axis["days"], axis["hold"]) == (
        "axis", "current", 7, None,
    )  # fmt: skip
    reason = ("--reason", "moved every day")
    assert run("instrument", "interval", "raman-1", "axis", "3", *reason)[0] == 0
    assert "3" in run("instrument", "checks", "raman-1")[1]
    code, _, err = run("instrument", "verify", "raman-1", good, "--standard", "polystyrene")
    assert (code, "used for verification 1" in err) == (3, True)


def test_a_failed_standard_is_recorded_and_told_as_json(lab, run, tmp_path):
    bad = written(tmp_path, "bad.jdx", of_standard("polystyrene", off_cm1=12.0))
    arguments = ("instrument", "verify", "raman-1", bad, "--standard", "polystyrene", "--json")
    code, out, _ = run(*arguments)
    done = document(out, "fol.instrument.verify/1")["verification"]
    assert (code, done["passed"], done["calibration"]) == (0, False, None)
    assert "largest correction" in done["reasons"][0]
    (held,) = document(run("control", "holds", "--json")[1], "fol.control.holds/1")["holds"]
    assert (held["aspect"], held["since"]) == ("axis", 0)
    history = run("instrument", "checks", "--history", "--json")[1]
    assert len(document(history, "fol.instrument.checks/1")["verifications"]) == 1


@pytest.mark.parametrize(
    ("standard", "code"), [("alkanes", 3), ("pfk", 3), ("../../etc", 3), ("", 3)]
)
def test_what_is_no_standard_of_it_is_refused(lab, run, tmp_path, standard, code):
    path = written(tmp_path, "x.jdx", of_bands(1))
    found, _, err = run("instrument", "verify", "raman-1", path, "--standard", standard)
    assert found == code
    assert "Hint" in err


def test_damaged_bytes_are_no_verdict(lab, run, tmp_path):
    path = tmp_path / "x.jdx"
    path.write_bytes(b"##TITLE=x\n##XYDATA=(X++(Y..Y))\n" + b"\xff\x00" * 4000)
    code, _, err = run("instrument", "verify", "raman-1", path, "--standard", "polystyrene")
    assert (code, err.startswith("Error:")) == (4, True)
    shown = run("instrument", "checks", "--history", "--json")[1]
    assert json.loads(shown)["verifications"] == []


def test_a_control_from_definition_to_release(lab, run):
    assert run("material", "add", "caffeine", "A1", "--expires", "2099-01-01")[0] == 0
    define = ("control", "add", "steady", "--instrument", "raman-1", "--quantity", "other",
              "--material", "caffeine", "--lot", "A1", "--expected", "10", "--lowest", "9",
              "--highest", "11")  # fmt: skip
    assert run(*define)[0] == 0
    code, out, _ = run("control", "record", "steady", "--value", "10.2")
    assert (code, "accepted; fixed limits, provisional, n=0" in out) == (0, True)
    code, out, _ = run("control", "record", "steady", "--value", "12", "--json")
    done = document(out, "fol.control.record/1")
    assert (code, done["value"]["verdict"], len(done["holds"])) == (0, "rejected", 1)
    (row,) = document(run("control", "list", "--json")[1], "fol.control.list/1")["controls"]
    assert row["hold"] == done["holds"][0]["number"]
    chart = document(run("control", "chart", "steady", "--json")[1], "fol.control.chart/1")
    assert [each["value"] for each in chart["values"]] == [10.2, 12.0]
    assert "X" in run("control", "chart", "steady")[1]
    number = row["hold"]
    assert run("control", "release", number, "--reason", "x")[0] == 3
    assert run("control", "release", number, "--reason", "lamp", "--as", "qm")[0] == 0
    assert "lamp" in run("control", "holds", "--all")[1]
    assert run("material", "end", "caffeine", "A1", "--reason", "wet")[0] == 0
    code, _, err = run("control", "record", "steady", "--value", "10")
    assert (code, "out of use: wet" in err) == (3, True)
    (lot,) = document(run("material", "list", "--all", "--json")[1], "fol.material.list/1")["lots"]
    assert lot["problem"].endswith("wet")
    assert run("audit", "verify")[0] == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("steady",),
        ("steady", "--value", "ten"),
        ("steady", "no-such-file"),
        ("steady", __file__, "--value", "1"),
    ],
)
def test_a_value_is_typed_or_measured(lab, run, arguments):
    assert run("control", "record", *arguments)[0] == 2


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e300"])
def test_a_value_that_is_no_number_is_refused(lab, run, value):
    define = ("control", "add", "steady", "--instrument", "raman-1", "--quantity", "other")
    assert run(*define, "--lowest", "9")[0] == 0
    code, _, err = run("control", "record", "steady", "--value", value)
    assert (code, "finite" in err) == (3, True)


def test_a_match_that_names_its_instrument_is_corrected_and_told(lab, run, tmp_path):
    path = written(tmp_path, "x.jdx", of_bands(1))
    good = written(tmp_path, "ps.jdx", of_standard("polystyrene", off_cm1=3.0))
    assert run("instrument", "verify", "raman-1", good, "--standard", "polystyrene")[0] == 0
    plain = json.loads(run("match", path, "--json")[1])["results"][0]
    named = json.loads(run("match", path, "--instrument", "raman-1", "--json")[1])["results"][0]
    assert "instrument" not in plain
    assert named["instrument"]["name"] == "raman-1"
    assert "fol.axis_calibration/1" in named["instrument"]["calibration"]
    assert not any("calibrate" in step for step in plain["spectra"][0]["steps"])
    assert any("calibrate" in step for step in named["spectra"][0]["steps"])
