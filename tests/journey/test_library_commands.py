"""A library's life on the command line: in, looked at, checked, tampered with, exported, out."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.libraries.reference_builders import a_mass_spectrum
from tui.cli import main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def _run(*arguments: object) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return code, captured.out, captured.err

    return _run


@pytest.fixture
def lab(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FOL_LAB", str(tmp_path / "lab"))
    monkeypatch.setenv("FOL_PERSON", "rivera")
    code, _, said = run("init", "--site", "NOG", "--name", "Nogales", "--person", "rivera")
    assert code == 0, said
    return tmp_path / "lab"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "made.msp"
    with path.open("w") as stream:
        for seed in range(24):
            spectrum = a_mass_spectrum(seed)
            stream.write(f"Name: {spectrum.title}\nLicense: CC0\nIonization: EI\nNum Peaks: 30\n")
            for mz, y in zip(spectrum.mz, spectrum.intensity, strict=True):
                stream.write(f"{mz:g} {y:.3f}\n")
            stream.write("\n")
        stream.write("Name: soft\nIonization: APCI\nNum Peaks: 2\n105 3\n188 9\n\n")
        stream.write("Name: empty\nNum Peaks: 0\n\n")
    return path


@pytest.fixture
def own(run: Run, lab: Path, source: Path) -> Path:
    code, _, said = run("library", "import", source, "--name", "own")
    assert code == 0, said
    return lab / "libraries" / "own" / "1"


def test_what_was_turned_away_is_told_now_and_later(run: Run, lab: Path, source: Path) -> None:
    code, out, said = run("library", "import", source, "--name", "own")
    assert code == 0
    assert out.startswith("own version 1: 24 entries, 24 substances, 2 rejected")
    assert "rejected made.msp soft: " in said
    assert "it holds no peaks" in said
    code, out, _ = run("library", "show", "own", "--rejected")
    assert code == 0
    assert "made.msp" in out
    assert "soft" in out
    code, out, _ = run("library", "show", "own", "soft", "--rejected", "--json")
    found = json.loads(out)
    assert found["schema"] == "fol.library.rejected/1"
    assert [each["title"] for each in found["rejected"]] == ["soft"]


def test_an_import_of_nothing_useful_names_every_reason(
    run: Run, lab: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "soft.msp"
    bad.write_text("Name: soft\nIonization: APCI\nNum Peaks: 2\n105 3\n188 9\n")
    code, out, said = run("library", "import", bad, "--name", "own")
    assert (code, out) == (4, "")
    assert "rejected soft.msp soft: " in said
    assert run("library", "list")[1].count("own") == 0


def test_check_prints_marks_pairs_and_coverage(run: Run, own: Path) -> None:
    code, out, _ = run("library", "check", "own")
    assert code == 0
    assert "ei: 24 entries, 24 substances, 24 of them with one spectrum" in out
    code, out, _ = run("library", "check", "own", "--json")
    facts = json.loads(out)
    assert facts["schema"] == "fol.library.check/1"
    assert set(facts["sections"]["ei"]) == {
        "entries", "substances", "single", "coverage", "counts", "marks", "alike",
        "n_replicated", "inseparable",
    }  # fmt: skip
    assert run("library", "check", "own", "--kind", "nonsense")[0] == 2


def test_tampering_is_told_and_a_damaged_index_is_mended_by_one_command(
    run: Run, own: Path
) -> None:
    shutil.rmtree(own / "index")
    code, out, said = run("library", "verify", "own")
    assert code == 4
    assert "index ei: missing" in out
    assert "fol library reindex own" in said
    code, out, _ = run("library", "reindex", "own")
    assert (code, out) == (0, "own 1: indexed again from 24 entries\n")
    assert run("library", "verify", "own")[:2] == (0, "whole\n")
    connection = sqlite3.connect(own / "library.db")
    connection.execute("DROP TRIGGER entry_nu")
    connection.execute("UPDATE entry SET formula='C9' WHERE row=4")
    connection.commit()
    connection.close()
    code, out, _ = run("library", "verify", "own", "--json")
    (fault,) = json.loads(out)["faults"]
    assert (code, fault["kind"]) == (4, "altered")
    code, _, said = run("library", "reindex", "own")
    assert code == 4
    assert "altered" in said


def test_a_library_that_was_rebuilt_behind_the_records_back_is_told(
    run: Run, own: Path, tmp_path: Path
) -> None:
    from lims import library_care

    other = tmp_path / "other.msp"
    other.write_text("Name: planted\nNum Peaks: 3\n41 3\n43 9\n57 5\n")
    shutil.rmtree(own)
    library_care.install(own.parents[1], [other], "own", "1")
    code, out, _ = run("library", "verify", "own")
    assert code == 4
    assert "lab's record: its content is not what was imported" in out


def test_export_import_and_remove(run: Run, own: Path, tmp_path: Path) -> None:
    out_file = tmp_path / "again.msp"
    code, _, said = run("library", "export", "own", "--to", "msp", "--output", out_file)
    assert code == 0, said
    assert run("library", "import", out_file, "--name", "again")[0] == 0
    code, out, _ = run("library", "remove", "again", "--reason", "only a copy")
    assert (code, out) == (0, "again 1 removed\n")
    assert run("library", "show", "again")[0] == 4


def test_stopping_an_import_says_what_stays(
    run: Run, own: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from libraries import section_index

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(section_index, "build", stop)
    code, out, said = run("library", "import", source, "--name", "own")
    assert (code, out) == (130, "")
    assert "nothing of own was installed; own 1 stays in use" in said
    assert [each.name for each in own.parent.iterdir()] == ["1"]
