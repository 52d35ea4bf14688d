"""Entries looked at and compared from the command line: what the browser shows."""

import json

import pytest

from libraries.browse import Listing
from tests.unit.libraries.reference_builders import a_curve, a_library, a_mass_spectrum
from tui.cli import main


@pytest.fixture
def run(capsys, tmp_path):
    def _run(*arguments):
        code = main(["--lab", str(tmp_path), *arguments])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return code, captured.out, captured.err

    return _run


@pytest.fixture
def folder(tmp_path):
    made = [a_mass_spectrum(n, name=f"isomer {n}", Formula="C22H28N2O") for n in (1, 2)]
    made += [a_mass_spectrum(n) for n in range(3, 26)]
    made += [a_curve(n) for n in range(3)]
    return a_library(tmp_path / "libraries", made, training=True).folder


def test_a_library_says_what_it_holds_and_promises(run, folder):
    code, out, _ = run("library", "look", "made")
    assert code == 0
    assert "28 entries · TRAINING, not for casework" in out
    assert "ei     25 entries · 25 substances · calibrated n 25, α 0.05" in out
    assert "ftir   3 entries · 3 substances · not calibrated" in out
    found = json.loads(run("library", "look", "made", "--json")[1])
    assert found["schema"] == "fol.library.look/1"
    assert {each["section"] for each in found["sections"]} == {"ei", "ftir"}


def test_an_entry_is_shown_verified_with_its_neighbours(run, folder):
    code, out, _ = run("library", "look", "made", "isomer 1", "--nearest", "--top", "3", "--plot")
    assert code == 0
    assert "hash verified now" in out
    assert "m/z" in out
    assert "itself left out" in out
    found = json.loads(run("library", "look", "made", "isomer 1", "--nearest", "--json")[1])
    entry = found["entry"]
    with Listing(folder) as listing:
        kept = listing.entry(entry["id"])
    assert (entry["x"], entry["y"]) == (kept.draft.x.tolist(), kept.draft.y.tolist())
    assert found["training"]
    assert entry["id"] not in {hit["entry"] for hit in found["nearest"]["hits"]}


def test_two_entries_are_compared(run, folder):
    code, out, _ = run("library", "compare", "made", "isomer 1", "isomer 2", "--no-plot")
    assert code == 0
    assert "! ei cannot tell them apart" in out
    found = json.loads(run("library", "compare", "made", "isomer 1", "isomer 2", "--json")[1])
    assert found["schema"] == "fol.library.compare/1"
    states = {each["section"]: each["state"] for each in found["verdicts"]}
    assert states["ei"] == "not told apart"
    assert 0 <= found["likeness"]["hqi"] <= 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("look", "none"), "no library 'none' is installed"),
        (("look", "made", "nobody"), "has no entry 'nobody'"),
        (("look", "made", "isomer"), "2 entries of library made 1 answer to 'isomer'"),
        (("compare", "made", "isomer 1", "mineral 1"), "ei and ftir spectra cannot be compared"),
    ],
)
def test_what_cannot_be_shown_is_a_clear_error(run, folder, arguments, said):
    code, out, told = run("library", *arguments)
    assert code == 4
    assert said in told
    assert not out
