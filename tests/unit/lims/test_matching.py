from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from instruments.export import Export
from libraries.library import Library
from lims import match_hazard, matching, statements
from spectra.axis import YKind
from spectra.spectrum import Chromatogram, MassRun, MassSpectrum, Measurement, Technique
from tests.unit.libraries.reference_builders import a_curve, a_library, a_mass_spectrum

FENTANYL = "PJMPHNIQZUBGLI-UHFFFAOYSA-N"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    made: list[MassSpectrum] = [a_mass_spectrum(seed) for seed in range(60)]
    made.append(a_mass_spectrum(90, name="Fentanyl", InChIKey=FENTANYL))
    made.append(a_mass_spectrum(91, name="butyrylzorbium", Formula="C23H30N2O"))
    made.append(a_mass_spectrum(91, name="isobutyrylzorbium", noise=0.004, Formula="C23H30N2O"))
    curves = [a_curve(seed) for seed in range(60)]
    with Library(a_library(tmp_path_factory.mktemp("made"), [*made, *curves]).folder) as opened:
        yield opened


def an_export(*spectra: Measurement, technique: Technique = Technique.MS) -> Export:
    return Export(
        path=Path("night/run.msp"),
        sha256="0" * 64,
        size=1,
        format="msp",
        technique=technique,
        metadata={},
        warnings=(),
        spectra=spectra,
        reader="msp",
        reader_version="1",
    )


def a_run(*seeds: int) -> MassRun:
    """A GC-MS run of 400 scans with one Gaussian peak per seed on a small background."""
    times = np.arange(400) * 0.5
    mz: list[float] = []
    heights: list[float] = []
    offsets = [0]
    random = np.random.default_rng(1)
    for time in times:
        scan: dict[float, float] = {}
        for at, seed in enumerate(seeds):
            spectrum = a_mass_spectrum(seed)
            shape = np.exp(-0.5 * ((time - 50.0 - 60.0 * at) / 1.5) ** 2)
            for ion, height in zip(spectrum.mz, spectrum.intensity, strict=True):
                scan[float(ion)] = scan.get(float(ion), 0.0) + 1000.0 * height * float(shape)
        for ion in range(40, 300, 7):
            scan[float(ion)] = scan.get(float(ion), 0.0) + float(random.uniform(5, 15))
        for ion in sorted(scan):
            mz.append(ion)
            heights.append(scan[ion])
        offsets.append(len(mz))
    return MassRun(
        title="run",
        scan_time_s=times,
        offsets=np.array(offsets),
        mz=mz,
        intensity=heights,
        ionization="EI",
    )


def test_the_document_has_the_documented_shape(library: Library) -> None:
    result = matching.match_export(an_export(a_mass_spectrum(5)), [library], 3, read_ms=12.5)
    assert {"path", "technique", "spectra", "elapsed_ms"} <= result.keys()
    assert "peaks" not in result
    (entry,) = result["spectra"]
    assert {"title", "quality", "decision", "hits", "analogue", "mixture", "hazard"} <= entry.keys()
    assert list(entry["decision"]) == [
        "state",
        "substances",
        "isomer_group",
        "alpha",
        "n_calibration",
        "instrument_class",
        "calibrated_on",
        "likelihood_ratio",
        "reasons",
    ]
    documented = {"rank", "name", "substance", "inchikey", "library", "library_version", "entry"}
    assert documented | {"hqi", "measures"} <= entry["hits"][0].keys()
    assert len(entry["hits"]) == 3
    assert entry["decision"]["state"] == "match"
    elapsed = result["elapsed_ms"]
    assert elapsed["read"] == 12.5
    assert elapsed["total"] == pytest.approx(elapsed["read"] + elapsed["search"], abs=0.01)
    assert json.loads(json.dumps(result, allow_nan=False)) == result


def test_spectra_stay_in_file_order(library: Library) -> None:
    seeds = (7, 3, 3, 50)
    result = matching.match_export(an_export(*map(a_mass_spectrum, seeds)), [library])
    assert [each["title"] for each in result["spectra"]] == [f"substance {n}" for n in seeds]
    assert [each["hits"][0]["substance"] for each in result["spectra"]] == [
        f"substance {n}" for n in seeds
    ]


def test_a_faulty_spectrum_is_never_matched(library: Library) -> None:
    faulty = replace(a_mass_spectrum(5), faults=("the detector was saturated",))
    result = matching.match_export(an_export(faulty), [library])
    (entry,) = result["spectra"]
    assert entry["decision"]["state"] == "insufficient"
    assert entry["hits"] == []
    assert matching.headline(result) == "insufficient data: not matched: the detector was saturated"


def test_what_holds_no_comparable_spectrum_is_insufficient(library: Library) -> None:
    beam = replace(a_curve(1), y_kind=YKind.SINGLE_BEAM)
    trace = Chromatogram(title="FID", x=[1.0, 2.0], y=[0.0, 1.0])
    result = matching.match_export(an_export(beam, trace, technique=Technique.FTIR), [library])
    assert [each["decision"]["state"] for each in result["spectra"]] == ["insufficient"] * 2


def test_a_hit_is_never_an_identification(library: Library) -> None:
    absent = a_mass_spectrum(4_000, name="novelty")
    result = matching.match_export(an_export(absent), [library])
    (entry,) = result["spectra"]
    assert entry["hits"]
    assert entry["decision"]["substances"] == []
    assert entry["decision"]["isomer_group"] == []
    said = matching.headline(result)
    assert said == "no match in 1 library (made 1)"
    assert all(hit["substance"] not in said for hit in entry["hits"])


def test_isomers_are_named_together(library: Library) -> None:
    result = matching.match_export(an_export(a_mass_spectrum(91, noise=0.01)), [library])
    said = matching.headline(result)
    assert said.startswith("consistent with ")
    assert said.endswith(" (not distinguished)")
    assert "butyrylzorbium or isobutyrylzorbium" in said or (
        "isobutyrylzorbium or butyrylzorbium" in said
    )


def test_a_run_gives_its_peaks_with_time_and_share(library: Library) -> None:
    result = matching.match_export(an_export(a_run(8, 9), technique=Technique.GCMS), [library])
    assert "spectra" not in result
    named = [each for each in result["peaks"] if each["decision"]["state"] == "match"]
    assert [each["decision"]["substances"] for each in named] == [["substance 8"], ["substance 9"]]
    assert [each["retention_time_s"] for each in named] == pytest.approx([50.0, 110.0], abs=0.5)
    assert sum(each["area_fraction"] for each in result["peaks"]) == pytest.approx(1.0, abs=0.01)
    assert matching.headline(result) == "consistent with substance 8; consistent with substance 9"


def test_an_empty_run_says_so(library: Library) -> None:
    flat = MassRun(
        title="blank",
        scan_time_s=np.arange(50.0),
        offsets=np.arange(51),
        mz=np.full(50, 73.0),
        intensity=np.full(50, 10.0),
    )
    result = matching.match_export(an_export(flat, technique=Technique.GCMS), [library])
    assert [each["decision"]["state"] for each in result["peaks"]] == ["insufficient"]


def test_a_dangerous_first_or_second_hit_raises_the_notice(library: Library) -> None:
    result = matching.match_export(an_export(a_mass_spectrum(90, noise=0.02)), [library])
    hazard = result["spectra"][0]["hazard"]
    assert hazard["group"] == "H1"
    assert "hit 1" in hazard["because"]
    # A mixture of which the other part is first: weights favour high masses, so it takes more.
    fentanyl, other = a_mass_spectrum(90), a_mass_spectrum(20)
    both = MassSpectrum(
        title="both",
        mz=np.concatenate((fentanyl.mz, other.mz)),
        intensity=np.concatenate((fentanyl.intensity, 2.8 * other.intensity)),
    )
    entry = matching.match_export(an_export(both), [library])["spectra"][0]
    assert entry["hits"][0]["substance"] == "substance 20"
    assert entry["hits"][1]["substance"] == "fentanyl"
    assert entry["hazard"]["group"] == "H1"
    assert "hit 2" in entry["hazard"]["because"]


def test_a_far_hit_raises_no_notice(library: Library) -> None:
    entry = matching.match_export(an_export(a_mass_spectrum(5)), [library], 60)["spectra"][0]
    assert "fentanyl" in {hit["substance"] for hit in entry["hits"]}
    assert entry["hazard"] is None


def test_the_gravest_notice_of_a_file_is_kept() -> None:
    low = {"group": "H5", "text": "", "because": ""}
    high = {"group": "H2", "text": "", "because": ""}
    assert match_hazard.gravest([None, low, high, low]) == high
    assert match_hazard.gravest([None]) is None


def _result(state: str, *, analogue: str = "", names: tuple[str, ...] = ()) -> matching.Json:
    decision = {"state": state, "substances": list(names), "isomer_group": [], "reasons": ["why"]}
    facts = {"class": analogue} if analogue else None
    return {
        "spectra": [{"decision": decision, "analogue": facts, "hazard": None, "hits": []}],
        "libraries": [{"name": n, "version": "1"} for n in ("a", "b", "c")],
        "training": False,
    }


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (_result("match", names=("xylazine",)), "consistent with xylazine"),
        (
            _result("match_group", names=("x", "y", "z")),
            "consistent with x, y or z (not distinguished)",
        ),
        (_result("mixture", names=("x", "y")), "consistent with a mixture of x and y"),
        (
            _result("analogue_candidate", analogue="fentanyl"),
            "not in library: candidate analogue of fentanyl",
        ),
        (
            _result("class_only", analogue="nitazene"),
            "class indicated: nitazene; substance not identified",
        ),
        (_result("no_match"), "no match in 3 libraries (a 1, b 1, c 1)"),
        (_result("insufficient"), "insufficient data: why"),
        ({"spectra": []}, "insufficient data: the file holds no spectrum"),
        ({"spectra": [], "peaks": [], "training": True}, None),
    ],
)
def test_the_headline_is_safe(result: matching.Json, said: str | None) -> None:
    found = matching.headline(result)
    if said is None:
        assert found.endswith("[training, not for casework]")
    else:
        assert found == said


def test_a_candidate_beside_a_match_is_not_lost() -> None:
    result = _result("match", names=("caffeine",))
    result["spectra"] += _result("analogue_candidate", analogue="fentanyl")["spectra"]
    assert matching.headline(result) == (
        "consistent with caffeine; not in library: candidate analogue of fentanyl"
    )


def test_training_libraries_mark_the_answer(tmp_path: Path) -> None:
    made = [a_mass_spectrum(seed) for seed in range(30)]
    with Library(a_library(tmp_path, made, training=True).folder) as library:
        result = matching.match_export(an_export(a_mass_spectrum(3)), [library])
    assert result["training"] is True
    assert matching.headline(result).endswith("[training, not for casework]")


def test_the_record_takes_every_answer(library: Library) -> None:
    for spectrum in (a_mass_spectrum(5), a_mass_spectrum(91), a_mass_spectrum(4_000)):
        result = matching.match_export(an_export(spectrum), [library])
        (said,) = statements.of_match(result)
        assert said.state == result["spectra"][0]["decision"]["state"]
