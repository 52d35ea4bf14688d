"""Copies, proofs and care, from the command line as a person types it."""

import json

import pytest

from tests.lims_builders import a_lab, a_sample
from tui.cli import main


@pytest.fixture
def folder(tmp_path, monkeypatch):
    made = a_lab(tmp_path / "lab")
    a_sample(made)
    made.close()
    monkeypatch.setenv("FOL_LAB", str(made.folder))
    monkeypatch.setenv("FOL_PERSON", "lee")
    return tmp_path


def said(capsys):
    return json.loads(capsys.readouterr().out)


def test_a_lab_is_backed_up_checked_restored_and_examined(folder, capsys):
    assert main(["backup", str(folder / "out"), "--json"]) == 0
    first = said(capsys)
    assert first["schema"] == "fol.backup/1"
    made, head = first["backup"]["folder"], first["backup"]["manifest"]["head"]
    assert main(["restore", made, "--check", "--json"]) == 0
    assert said(capsys)["report"]["ok"] is True
    assert main(["restore", made, "--to", str(folder / "new"), "--head", head, "--json"]) == 0
    assert said(capsys)["events_lost"] is False
    assert main(["audit", "verify", "--lab", str(folder / "new")]) == 0
    assert "whole" in capsys.readouterr().out
    assert main(["doctor", "--full", "--lab", str(folder / "new"), "--json"]) == 0
    assert said(capsys)["state"] == "warn"
    assert main(["restore", made, "--to", str(folder / "b"), "--head", "ab" * 16]) == 0
    assert "HEAD NOT FOUND" in capsys.readouterr().out


def test_an_altered_backup_is_refused_with_exit_code_3(folder, capsys):
    assert main(["backup", str(folder / "out")]) == 0
    made = next(path for path in (folder / "out").iterdir() if path.is_dir())
    capsys.readouterr()
    (made / "keys" / "lab.ed25519.pub").write_text("x")
    assert main(["restore", str(made), "--check"]) == 3
    assert "keys/lab.ed25519.pub was altered" in capsys.readouterr().out
    assert main(["restore", str(made), "--to", str(folder / "new")]) == 3
    assert not (folder / "new").exists()
    assert main(["restore", str(made)]) == 2
    assert main(["backup", str(folder / "lab" / "inside")]) == 2


def test_a_sample_is_bundled(folder, capsys):
    assert main(["bundle", "S000001-D", "--out", str(folder / "a.zip"), "--json"]) == 0
    bundle = said(capsys)["bundle"]
    assert bundle["sample"] == "NOG-" + bundle["sample"][4:6] + "-S000001-D"
    assert main(["bundle", "S000001-D", "--out", str(folder / "a.zip")]) == 2


def test_doctor_fails_with_exit_code_3(folder, capsys):
    (folder / "lab" / "keys" / "lab.ed25519").unlink()
    assert main(["doctor"]) == 3
    out = capsys.readouterr().out
    assert "fail  keys" in out
    assert "-> Restore keys/" in out
