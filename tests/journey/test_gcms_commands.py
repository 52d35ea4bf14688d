"""A GC-MS run with its blank and its ladder, on the command line and in the record."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from instruments.writers import write
from tests.unit.libraries.reference_builders import a_mass_spectrum
from tests.unit.spectra.gcms_runs import ladder_run, run_of
from tui.cli import main


@pytest.fixture
def run(capsys):
    def _run(*arguments):
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return code, captured.out, captured.err

    return _run


def as_msp(seeds: dict[int, str]) -> str:
    parts = []
    for seed, index in seeds.items():
        made = a_mass_spectrum(seed)
        peaks = "\n".join(f"{m:.0f} {i:.4f}" for m, i in zip(made.mz, made.intensity, strict=True))
        head = f"Name: {made.title}\nIonization: EI\n"
        line = f"Retention_index: {index}\n" if index else ""
        parts.append(f"{head}{line}Num Peaks: {made.mz.size}\n{peaks}\n")
    return "\n".join(parts)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A lab with a library that states indices, and the runs of one sequence beside it."""
    folder = tmp_path_factory.mktemp("bench")
    stated = {70: "StdPolar=2100 SemiStdNP=1500/3/12", 71: "SemiStdNP=1900/3/12"}
    alkanes = "".join(f"{n},{100 + 40 * (n - 10)}\n" for n in range(10, 24))
    carried = [(a_mass_spectrum(3), 150.0, 3e6)]
    others = [(a_mass_spectrum(70), 301.0, 3e6), (a_mass_spectrum(71), 340.0, 3e6)]
    files = {
        "references.msp": as_msp({**dict.fromkeys(range(40), ""), **stated}).encode(),
        "sample.cdf": write([run_of(carried + others)], "andi"),
        "blank.cdf": write([run_of(carried, seed=8)], "andi"),
        "alkanes.cdf": write([ladder_run(list(range(10, 24)))], "andi"),
        "alkanes.csv": f"carbons,retention_time_s\n{alkanes}".encode(),
        "broken.csv": b"carbons,retention_time\n10,5\n",
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FOL_LAB", str(folder / "lab"))
        patch.setenv("FOL_PERSON", "rivera")
        assert main(["init", "--site", "NOG", "--name", "Nogales", "--person", "rivera"]) == 0
        assert main(["library", "import", str(folder / "references.msp"), "--name", "made"]) == 0
        yield folder


def peaks(out: str) -> dict[int, dict]:
    (result,) = json.loads(out)["results"]
    return {round(each["retention_time_s"]): each for each in result["peaks"]}


@pytest.mark.parametrize("ladder", ["alkanes.cdf", "alkanes.csv"])
def test_blank_and_ladder_reach_the_answer(bench, run, ladder):
    code, out, said = run(
        "match", bench / "sample.cdf", "-l", "made", "--json",
        "--blank", bench / "blank.cdf", "--ladder", bench / ladder,
    )  # fmt: skip
    assert code == 0, said
    found = peaks(out)
    assert found[150]["decision"]["state"] == "insufficient"
    assert found[150]["blank"]["comparable"]
    assert found[301]["decision"]["substances"] == ["substance 70"]
    assert found[301]["retention_index"] == pytest.approx(1502, abs=3)
    assert found[340]["decision"]["state"] == "no_match"
    assert any("substance 71 is ruled out" in each for each in found[340]["decision"]["reasons"])


def test_without_them_the_names_rest_on_the_spectra(bench, run):
    code, out, said = run("match", bench / "sample.cdf", "-l", "made", "--json")
    assert code == 0, said
    assert [each["decision"]["substances"] for each in peaks(out).values()] == [
        ["substance 3"],
        ["substance 70"],
        ["substance 71"],
    ]


def test_the_words_say_index_and_blank(bench, run):
    code, out, _ = run(
        "match", bench / "sample.cdf", "--blank", bench / "blank.cdf",
        "--ladder", bench / "alkanes.csv",
    )  # fmt: skip
    assert code == 0
    assert "index 1502 ±" in out or "index 1503 ±" in out
    assert "carry-over or background" in out


def test_a_finding_keeps_what_its_index_and_blank_came_from(bench, run):
    _, out, _ = run("shipment", "add", "--declared", "pigment", "--origin", "CN", "--json")
    shipment = json.loads(out)["shipments"][0]["number"]
    _, out, _ = run("sample", "add", "--shipment", shipment, "--description", "powder", "--json")
    number = json.loads(out)["samples"][0]["number"]
    code, out, said = run(
        "ingest", bench / "sample.cdf", "--sample", number, "--json",
        "--blank", bench / "blank.cdf", "--ladder", bench / "alkanes.cdf",
    )  # fmt: skip
    assert code == 0, said
    (finding,) = json.loads(out)["findings"]
    assert finding["substances"] == ["substance 70"]
    assert "recorded before" not in said
    code, out, said = run(
        "ingest", bench / "sample.cdf", "--sample", number, "--ladder", bench / "alkanes.csv"
    )
    assert code == 0
    assert f"{finding['id']} was recorded before, without this blank or ladder" in said
    for name in ("sample.cdf", "blank.cdf", "alkanes.cdf"):
        digest = hashlib.sha256((bench / name).read_bytes()).hexdigest()
        assert (bench / "lab" / "raw" / digest[:2] / digest[2:4] / digest).is_file()


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("--ladder", "sample.cdf"), 4, "n-alkanes could be numbered"),
        (("--blank", "references.msp"), 4, "must be one GC-MS run"),
        (("--ladder", "broken.csv"), 4, "does not state its unit"),
        (("--dead-time-s", "30"), 2, "give --ladder too"),
        (("--blank", "missing.cdf"), 2, "missing.cdf"),
    ],
)
def test_what_cannot_serve_is_refused_with_the_reason(bench, run, options, code, said):
    name, value = options
    value = str(bench / value) if value.endswith(("cdf", "msp", "csv")) else value
    found, out, words = run("match", bench / "sample.cdf", name, value)
    assert found == code
    assert said in words
    assert out == ""
