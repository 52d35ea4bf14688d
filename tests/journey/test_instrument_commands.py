"""A new instrument on the command line: added, mapped, confirmed, used, carried to another lab."""

import json

import numpy as np
import pytest

from spectra.spectrum import Technique
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
    assert run("instrument", "add", "raman-1", "--kind", "raman", "--serial", "77")[0] == 0
    return tmp_path / "lab"


@pytest.fixture
def powder(tmp_path):
    """A European export: no names, decimal commas, thousands points, cp1252."""
    from tui.demo.bench import measured

    curve = measured("calcium carbonate", Technique.RAMAN, np.random.default_rng(7))
    signs = str.maketrans(",.", ".,")
    rows = [f"{x:,.2f};{y:,.2f}".translate(signs) for x, y in zip(curve.x, curve.y, strict=True)]
    path = tmp_path / "powder.csv"
    path.write_bytes(("Gerät µ\r\n" + "\r\n".join(rows)).encode("cp1252"))
    return path


ANSWER = ("--decimal", ",", "--thousands", ".", "--x-unit", "cm-1", "--y-unit", "counts")


def document(text, schema):
    found = json.loads(text)
    assert found["schema"] == schema
    return found


def test_question_names_the_line_that_settles_it(run, lab, powder):
    code, _, said = run("read", powder)
    assert code == 4
    assert "fol instrument map NAME FILE --decimal , --thousands ." in said
    code, out, said = run("instrument", "map", "raman-1", powder, *ANSWER)
    assert code == 0, said
    assert "raman_shift in cm-1" in out
    assert "GUESSED" not in out
    assert "Nothing was recorded" in said
    _, out, _ = run("instrument", "show", "raman-1", "--json")
    assert document(out, "fol.instrument.show/1")["mappings"] == []


def test_confirmed_mapping_reads_matches_and_is_named_in_the_run(run, lab, powder, tmp_path):
    from tui.demo.bench import write_library

    paths = write_library(tmp_path / "references")
    assert run("library", "import", *paths, "--name", "training")[0] == 0
    code, out, said = run("instrument", "confirm", "raman-1", powder, *ANSWER)
    assert code == 0, said
    assert "confirmed as v1 of raman-1, by rivera" in out
    _, out, _ = run("match", powder, "--instrument", "raman-1", "--json")
    (entry,) = document(out, "fol.match/1")["results"][0]["spectra"]
    assert entry["decision"]["state"] == "match"
    assert entry["decision"]["substances"] == ["calcium carbonate"]
    run("shipment", "add", "--declared", "chalk")
    _, out, _ = run("shipment", "list", "--json")
    shipment = json.loads(out)["shipments"][0]["number"]
    _, out, _ = run("sample", "add", "--shipment", shipment, "--description", "x", "--json")
    sample = json.loads(out)["samples"][0]["number"]
    code, out, said = run("ingest", powder, "--sample", sample, "--instrument", "raman-1")
    assert code == 0, said
    _, out, _ = run("sample", "show", sample, "--json")
    (found,) = json.loads(out)["record"]["runs"]
    assert (found["instrument"], found["mapping_version"]) == ("raman-1", 1)


def test_guessed_unit_is_told_and_names_nothing(run, lab, powder, tmp_path):
    from tui.demo.bench import write_library

    paths = write_library(tmp_path / "references")
    assert run("library", "import", *paths, "--name", "training")[0] == 0
    plain = tmp_path / "plain.csv"
    text = powder.read_bytes().decode("cp1252").partition("\r\n")[2]
    plain.write_text(text.translate(str.maketrans({".": "", ",": "."})), encoding="utf-8")
    code, out, _ = run("match", plain)
    assert code == 0
    assert "insufficient data: not named: the file does not name its x unit" in out
    assert "consistent with" not in out
    run("instrument", "confirm", "raman-1", plain, "--x-unit", "cm-1")
    _, out, _ = run("match", plain, "--instrument", "raman-1")
    assert "consistent with calcium carbonate" in out


def test_mapping_is_carried_to_another_lab(run, lab, powder, tmp_path, monkeypatch):
    run("instrument", "confirm", "raman-1", powder, *ANSWER)
    carried = tmp_path / "raman-1.json"
    assert run("instrument", "export-mapping", "raman-1", "-o", carried)[0] == 0
    monkeypatch.setenv("FOL_LAB", str(tmp_path / "other"))
    run("init", "--site", "PHX", "--name", "Phoenix", "--person", "rivera")
    run("instrument", "add", "bench", "--kind", "raman")
    code, out, said = run("instrument", "import-mapping", "bench", carried, "--sample", powder)
    assert code == 0, said
    assert "v1 of bench" in out
    broken = tmp_path / "broken.json"
    broken.write_text(carried.read_text("utf-8").replace('"n_columns": 2', '"n_columns": 1'))
    code, _, said = run("instrument", "import-mapping", "bench", broken)
    assert code == 4
    assert "1 columns" in said


def test_map_as_json_is_the_documented_document(run, lab, powder):
    code, out, _ = run("instrument", "map", "raman-1", powder, *ANSWER, "--json")
    assert code == 0
    found = document(out, "fol.instrument.map/1")
    assert found["mapping"]["schema"] == "fol.text-mapping/1"
    assert (found["guessed"], found["confirmed_version"]) == ([], 0)
    assert len(found["columns"]) == 2
    assert found["file"]["spectra"][0]["x_kind"] == "raman_shift"
    _, out, _ = run("instrument", "map", "raman-1", powder, *ANSWER, "--confirm", "--json")
    assert json.loads(out)["confirmed_version"] == 1
    _, out, _ = run("instrument", "list", "--json")
    (row,) = document(out, "fol.instrument.list/1")["instruments"]
    assert (row["instrument"]["name"], row["mapping_version"]) == ("raman-1", 1)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("show", "nobody"), 3),
        (("map", "raman-1", "/nowhere/a.csv"), 2),
        (("add", "a b", "--kind", "raman"), 3),
        (("add", "raman-1", "--kind", "raman"), 3),
        (("add", "r", "--kind", "taste"), 2),
        (("export-mapping", "raman-1"), 3),
        (("import-mapping", "raman-1", "/nowhere/m.json"), 2),
    ],
)
def test_what_is_wrong_is_told_with_its_exit_code(run, lab, arguments, code):
    found, _, said = run("instrument", *arguments)
    assert found == code
    assert said


def test_pixels_and_nanometres_without_a_laser_are_shown_as_not_comparable(run, lab, tmp_path):
    for unit, word in (("pixel", "pixel"), ("nm", "laser")):
        path = tmp_path / f"{unit}.csv"
        path.write_text("\n".join(f"{at + 300};{at * 2}" for at in range(30)), encoding="utf-8")
        code, out, said = run("instrument", "map", "raman-1", path, "--x-unit", unit)
        assert code == 0, said
        assert "CANNOT BE MATCHED" in out
        assert word in out.partition("CANNOT BE MATCHED")[2]
