from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from instruments.export import Export
from instruments.writers import write
from libraries.library import Library
from lims import matching, statements
from lims.run_context import RunContext, read_context
from spectra.errors import SpectrumError
from spectra.retention import Phase
from spectra.spectrum import MassRun, Technique
from tests.unit.libraries.reference_builders import a_library, a_mass_spectrum
from tests.unit.spectra.gcms_runs import ladder_run, run_of

NUMBERS = list(range(10, 24))
# Programmed so that index 100 n lies at 100 + 40 (n - 10) s.
AT = {"early": 300.0, "late": 380.0}


def index_at(time_s: float) -> float:
    return 100 * (10 + (time_s - 100) / 40)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    isomer = {"Formula": "C23H30N2O"}
    made = [a_mass_spectrum(seed) for seed in range(60)]
    for name, noise in (("early", 0.0), ("late", 0.004)):
        stated = f"SemiStdNP={index_at(AT[name]):.0f}"
        made.append(a_mass_spectrum(70, name=name, noise=noise, Retention_index=stated, **isomer))
    with Library(a_library(tmp_path_factory.mktemp("made"), made).folder) as opened:
        yield opened


def a_file(folder: Path, name: str, run: MassRun) -> Path:
    path = folder / name
    path.write_bytes(write([run], "andi"))
    return path


def export(run: MassRun) -> Export:
    return Export(
        path=Path("night/run.cdf"),
        sha256="0" * 64,
        size=1,
        format="andi",
        technique=Technique.GCMS,
        metadata={},
        warnings=(),
        spectra=(run,),
        reader="andi",
        reader_version="1",
    )


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> RunContext:
    folder = tmp_path_factory.mktemp("runs")
    blank = run_of(
        [(a_mass_spectrum(s), 120.0 + 60 * s, 3e6 if s != 4 else 2e4) for s in (1, 2, 3, 4)]
    )
    return read_context(
        blank=a_file(folder, "blank.cdf", blank),
        ladder=a_file(folder, "ladder.cdf", ladder_run(NUMBERS)),
    )


@pytest.fixture(scope="module")
def result(library: Library, context: RunContext) -> matching.Json:
    sample = run_of(
        [(a_mass_spectrum(s), 121.0 + 60 * s, 3e6) for s in (1, 2, 3, 4)]
        + [(a_mass_spectrum(70), AT["late"] + 3.0, 3e6), (a_mass_spectrum(9), 40.0, 3e6)],
        seed=4,
    )
    return matching.match_export(export(sample), [library], 5, context=context)


def peak(result: matching.Json, time_s: float) -> matching.Json:
    return min(result["peaks"], key=lambda each: abs(each["retention_time_s"] - time_s))


def test_every_peak_has_its_index_with_uncertainty(result: matching.Json) -> None:
    found = peak(result, 241.0)
    assert found["retention_index"] == pytest.approx(index_at(241.0), abs=2.0)
    assert 0.5 < found["retention_index_uncertainty"] < 4
    assert found["retention_index_note"] == ""


def test_outside_the_ladder_there_is_none_and_it_is_said(result: matching.Json) -> None:
    found = peak(result, 40.0)
    assert found["retention_index"] is None
    assert "outside the ladder (C10 to C23" in found["retention_index_note"]
    assert found["decision"]["substances"] == ["substance 9"]


def test_the_index_parts_isomers(result: matching.Json) -> None:
    found = peak(result, 383.0)["decision"]
    assert found["substances"] == ["late"]
    assert any("early is ruled out" in reason for reason in found["reasons"])


def test_carry_over_is_marked_and_names_nothing(result: matching.Json) -> None:
    for time in (181.0, 241.0, 301.0):
        found = peak(result, time)
        assert found["blank"]["comparable"]
        assert found["decision"]["state"] == "insufficient"
        assert found["decision"]["substances"] == []
        assert "carry-over" in found["decision"]["reasons"][0]
        assert found["hits"][0]["name"].startswith("substance")


def test_a_trace_in_the_blank_is_said_beside_the_name(result: matching.Json) -> None:
    found = peak(result, 361.0)
    assert not found["blank"]["comparable"]
    assert found["decision"]["substances"] == ["substance 4"]
    assert any("also in the blank run" in reason for reason in found["decision"]["reasons"])


def test_the_run_says_what_stood_beside_it(result: matching.Json) -> None:
    (run,) = result["runs"]
    assert run["components"] == len(result["peaks"]) == 6
    assert run["blank"]["file"] == "blank.cdf"
    assert run["blank"]["shift_s"] == pytest.approx(1.0, abs=0.1)
    assert run["ladder"]["carbons"] == NUMBERS
    assert run["ladder"]["method"] == "linear"
    assert len(run["ladder"]["sha256"]) == 64
    assert len(statements.of_match(result)) == 6


def test_a_run_without_a_peak_is_insufficient_with_the_reason(library: Library) -> None:
    found = matching.match_export(export(run_of([])), [library])
    (only,) = found["peaks"]
    assert only["decision"]["state"] == "insufficient"
    assert "no peak stands" in only["decision"]["reasons"][0]
    assert matching.headline(found).startswith("insufficient data: no peak")


def test_selected_ions_are_never_searched(library: Library) -> None:
    shape = np.exp(-0.5 * ((np.arange(400) - 200) / 4) ** 2)
    counts = np.random.default_rng(2).poisson(20 + 5000 * shape[:, None] * [0.4, 1, 0.7])
    sim = MassRun(
        title="sim",
        scan_time_s=np.arange(400.0),
        offsets=np.arange(401) * 3,
        mz=np.tile([91.0, 146.0, 245.0], 400),
        intensity=counts.ravel() + 1.0,
    )
    (only,) = matching.match_export(export(sim), [library])["peaks"]
    assert only["decision"]["state"] == "insufficient"
    assert "selected ions only (91, 146, 245)" in only["decision"]["reasons"][0]
    assert only["retention_time_s"] == pytest.approx(200.0, abs=1.0)
    assert only["hits"] == []


def test_a_table_serves_as_a_ladder(tmp_path: Path) -> None:
    table = tmp_path / "ladder.csv"
    table.write_text("carbons,retention_time_min\n10,5\n11,6\n12,7.2\n", encoding="utf-8")
    found = read_context(ladder=table, phase=Phase.POLAR, dead_time_s=60.0)
    assert found.ladder is not None
    assert found.ladder.time_s.tolist() == pytest.approx([300.0, 360.0, 432.0])
    assert found.ladder.phase is Phase.POLAR
    assert found.blank is None


@pytest.mark.parametrize("what", ["blank", "ladder"])
def test_a_file_without_a_run_is_refused_by_name(tmp_path: Path, what: str) -> None:
    path = tmp_path / "one.msp"
    path.write_bytes(write([a_mass_spectrum(1)], "msp"))
    with pytest.raises(SpectrumError) as caught:
        read_context(**{what: path})
    assert what in caught.value.message
    assert "one.msp" in caught.value.message
