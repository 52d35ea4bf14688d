"""Structures proposed from the command line: for a file, and for a finding on record."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import pytest

from libraries import training
from lims.proposing import MARK
from tui.cli import main
from tui.demo.bench import write_exports, write_library


@pytest.fixture
def run(capsys):
    def _run(*arguments):
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return code, captured.out, captured.err

    return _run


@pytest.fixture(scope="module")
def export(tmp_path_factory) -> Iterator[Path]:
    """An export that holds a hidden analogue, beside a lab with a library that lacks it."""
    folder = tmp_path_factory.mktemp("night")
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(io.StringIO()):
        patch.setenv("FOL_LAB", str(folder / "lab"))
        patch.setenv("FOL_PERSON", "rivera")
        for arguments in (
            ("init", "--site", "NOG", "--name", "Nogales", "--person", "rivera"),
            ("person", "add", "okafor", "--name", "A. Okafor", "--role", "reviewer"),
            ("library", "import", *write_library(folder / "references"), "--name", "training"),
        ):
            assert main([str(argument) for argument in arguments]) == 0
        write_exports(folder / "exports", np.random.default_rng(7))
        yield folder / "exports" / "parcel-3-gcms.mzML"


def test_a_hidden_analogue_is_among_the_structures_proposed_for_a_file(run, export):
    code, out, said = run("match", export, "--propose", "--json")
    assert code == 0, said
    (result,) = json.loads(out)["results"]
    assert result["elapsed_ms"]["propose"] > 0
    (peak,) = [p for p in result["peaks"] if p["decision"]["state"] == "analogue_candidate"]
    proposals = peak["analogue"]["proposals"]
    assert proposals["mark"] == MARK
    assert training.hidden_smiles() in [each["smiles"] for each in proposals["structures"][:5]]
    assert peak["decision"]["substances"] == []
    assert all("proposals" not in (p["analogue"] or {}) for p in result["peaks"] if p is not peak)


def test_without_the_option_nothing_is_proposed_and_the_site_is_said(run, export):
    code, out, _ = run("match", export, "--json")
    assert code == 0
    peaks = json.loads(out)["results"][0]["peaks"]
    (analogue,) = [p["analogue"] for p in peaks if p["analogue"]]
    assert "proposals" not in analogue
    assert analogue["site_reading"]["letters"] == ["D", "E"]
    assert analogue["site_reading"]["certainty"] == "likely"
    checks = {each["check"]: each["outcome"] for each in analogue["checks"]}
    assert checks["a product of a substance in the same run"] == "checked: nothing found"
    assert checks["carry-over or background of the blank"] == "not checked"


def test_words_for_a_person_say_that_nothing_is_identified(run, export):
    code, out, _ = run("match", export, "--propose")
    assert code == 0
    assert f"20 structures of mass 396, {MARK}" in out
    assert "site: likely: +18 at the aniline ring (D); +42 at the acyl group (E)" in out


def test_proposals_are_kept_beside_a_candidate_and_read_back(run, export):
    _, out, _ = run("shipment", "add", "--declared", "organic pigment set", "--json")
    shipment = json.loads(out)["shipments"][0]["number"]
    _, out, _ = run("sample", "add", "--shipment", shipment, "--description", "powder", "--json")
    sample = json.loads(out)["samples"][0]["number"]
    _, out, said = run("ingest", export, "--sample", sample, "--json")
    finding = json.loads(out)["findings"][0]["id"]
    code, out, said = run("propose", finding, "--record", "--json")
    assert code == 0, said
    document = json.loads(out)
    assert document["schema"] == "fol.propose/1"
    assert document["recorded"] is True
    assert "H1" in document["hazards"][0]
    (each,) = document["proposed"]
    assert each["class"] == "fentanyl"
    code, out, _ = run("propose", finding)
    assert code == 0
    assert out.startswith("HAZARD, not acknowledged: ")
    assert MARK in out
    assert "were it that: would be United States: fentanyl-related substances" in out
    _, out, _ = run("sample", "show", sample, "--json")
    (stored,) = json.loads(out)["record"]["findings"]
    kept = [p["analogue"]["proposals"] for p in stored["match"]["peaks"] if p["analogue"]]
    assert kept == [each["proposals"]]
    assert run("review", finding, "--accept", "--as", "okafor")[0] == 0
    code, _, said = run("propose", finding, "--record")
    assert code == 3
    assert "reviewed" in said
    assert run("audit", "verify")[0] == 0


@pytest.mark.parametrize("finding", ["NOG-26-S000099-D.F1", "nonsense", ""])
def test_a_finding_that_is_not_there_is_refused(run, export, finding):
    code, out, said = run("propose", finding, "--json")
    assert code == 3
    assert not out
    assert said.startswith("Error:")
