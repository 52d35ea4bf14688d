"""Runs of standards: what they give an instrument, and what later runs are then worth."""

import shutil
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from instruments import registry, writers
from lims import (
    audit,
    bench_instruments,
    clock,
    conclusion,
    examination,
    holds,
    instrument_standing,
    kept_runs,
    materials,
    projections,
    review,
    verification,
)
from lims.bench_instruments import add_instrument
from lims.check_policy import Aspect, Effect
from lims.errors import NotFoundError, PermissionDenied, RecordError, StateError
from lims.instrument_condition import Standing, of_facts
from lims.model import ConclusionLevel
from lims.verification import set_interval, verify
from spectra.axis_standards import standard
from spectra.simulate import Band
from spectra.simulate import raman as simulated
from spectra.spectrum import MassSpectrum, Technique
from tests.lims_builders import a_sample
from tests.unit.libraries.reference_builders import a_library
from tests.unit.lims.standard_files import of_bands, of_standard, written
from tests.unit.spectra.gcms_runs import alkane, ladder_run, run_of, spectrum
from tests.unit.spectra.test_tune import BFB, DFTPP

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@contextmanager
def on_day(days):
    with clock.running_from(lambda: NOON + timedelta(days=days)):
        yield


@pytest.fixture
def raman(lab):
    with on_day(-30):
        return add_instrument(lab, "ana", "raman-1", Technique.RAMAN, serial="R77")


@pytest.fixture
def gcms(lab):
    with on_day(-30):
        return add_instrument(lab, "ana", "gc-1", Technique.GCMS)


@pytest.fixture(scope="module")
def made_library(tmp_path_factory):
    """Sixty substances that could be it, and the one that is."""
    rng = np.random.default_rng(5)
    others = [
        simulated(
            f"substance {at}",
            [
                Band(position_cm1=float(p), width_cm1=8.0, height=float(h))
                for p, h in zip(rng.uniform(300, 1750, 6), rng.uniform(30, 100, 6), strict=True)
            ],
            rng,
        )
        for at in range(60)
    ]
    folder = tmp_path_factory.mktemp("libraries")
    a_library(folder, [*others, of_bands(9, title="caffeine")], name="bench")
    return folder


@pytest.fixture
def library(lab, made_library):
    shutil.copytree(made_library, lab.libraries_folder, dirs_exist_ok=True)


def polystyrene(bench, *, off=0.0, seed=0):
    made = of_standard("polystyrene", off_cm1=off, seed=seed)
    return written(bench, f"ps{seed}.jdx", made)


def measured(lab, bench, seed, *, off=0.0, instrument="raman-1", sample=None):
    path = written(bench, f"run{seed}.jdx", of_bands(seed, off_cm1=off))
    number = sample or a_sample(lab).number
    return examination.ingest(lab, "ana", path, number, instrument=instrument)


def answer(finding):
    return finding.match["spectra"][0]


def standing(lab, device, at=NOON):
    now = instrument_standing.condition(lab.db, device, at)
    return {each.aspect: each for each in now.aspects}


def test_a_run_of_a_standard_gives_the_instrument_its_axis(lab, bench, raman):
    done = verify(lab, "ana", "raman-1", polystyrene(bench, off=4.0), "polystyrene")
    assert done.passed
    assert (done.number, done.aspect, done.by) == (1, "axis", "ana")
    made = verification.calibration_of(done)
    at = np.array(standard("polystyrene").bands_cm1)
    np.testing.assert_allclose(made.corrected(at + 4.0), at, atol=0.8)
    shown = {each["name"]: each for each in done.checks}
    assert shown["band 1001.4"]["expected"] == 1001.4
    assert abs(shown["band 1001.4"]["found"] - 1001.4) < 1
    assert shown["largest correction"]["found"] == pytest.approx(-4.0, abs=0.5)
    assert "E1840" in done.source
    folder = lab.raw_folder / done.raw_sha256[:2] / done.raw_sha256[2:4]
    assert (folder / done.raw_sha256).is_file()


def test_an_axis_further_off_than_drifts_is_a_fault(lab, bench, raman):
    done = verify(lab, "ana", "raman-1", polystyrene(bench, off=12.0), "polystyrene")
    assert not done.passed
    assert "largest correction" in done.reasons[0]
    assert done.calibration == ""


def test_a_run_of_something_else_fails_and_says_why(lab, bench, raman):
    path = written(bench, "other.jdx", of_bands(3))
    done = verify(lab, "ana", "raman-1", path, "polystyrene")
    assert not done.passed
    assert "polystyrene" in done.reasons[0]


def test_silicon_confirms_an_axis_of_many_bands_and_replaces_it_not(lab, bench, raman):
    with on_day(0):
        first = verify(lab, "ana", "raman-1", polystyrene(bench, off=4.0), "polystyrene")
    silicon = written(bench, "si.jdx", of_standard("silicon", off_cm1=4.0))
    with on_day(5):
        second = verify(lab, "ana", "raman-1", silicon, "silicon")
    assert second.passed
    assert second.calibration == first.calibration
    now = standing(lab, raman, NOON + timedelta(days=11))[Aspect.AXIS]
    assert now.standing is Standing.CURRENT


def test_silicon_that_the_axis_in_force_misses_fails(lab, bench, raman):
    verify(lab, "ana", "raman-1", polystyrene(bench, off=4.0), "polystyrene")
    silicon = written(bench, "si.jdx", of_standard("silicon", off_cm1=0.5))
    done = verify(lab, "ana", "raman-1", silicon, "silicon")
    assert not done.passed
    assert done.reasons[0].startswith("band 520.7")


def test_silicon_alone_moves_the_axis_each_time(lab, bench, raman):
    for seed, off in enumerate((3.0, -2.0)):
        path = written(bench, f"si{seed}.jdx", of_standard("silicon", off_cm1=off, seed=seed))
        done = verify(lab, "ana", "raman-1", path, "silicon")
        assert done.passed
        (coefficient,) = verification.calibration_of(done).coefficients_cm1
        assert coefficient == pytest.approx(-off, abs=0.4)


def test_polystyrene_on_an_infrared_instrument_is_its_film(lab, bench):
    add_instrument(lab, "ana", "ftir-1", Technique.FTIR)
    path = written(bench, "film.jdx", of_standard("polystyrene-film", off_cm1=0.6))
    done = verify(lab, "ana", "ftir-1", path, "Polystyrene")
    assert (done.standard, done.passed) == ("polystyrene-film", True)


def test_a_text_that_leaves_its_axis_open_is_settled_by_the_instrument(lab, bench, raman):
    made = of_standard("polystyrene", off_cm1=2.0)
    path = bench / "ps.csv"
    path.write_text(
        "Raman Shift [cm-1],Intensity\n"
        + "\n".join(f"{x:.2f},{y:.2f}" for x, y in zip(made.x, made.y, strict=True)),
        "ascii",
    )
    assert verify(lab, "ana", "raman-1", path, "polystyrene").passed


def test_several_spectra_in_one_file_are_no_verdict(lab, bench, raman):
    both = [of_standard("polystyrene", seed=at) for at in (1, 2)]
    path = bench / "two.jdx"
    path.write_bytes(writers.write(both, "jcamp"))
    with pytest.raises(RecordError, match="holds 2 spectra"):
        verify(lab, "ana", "raman-1", path, "polystyrene")
    assert holds.holds(lab) == ()


def test_one_file_proves_one_day(lab, bench, raman):
    path = polystyrene(bench)
    verify(lab, "ana", "raman-1", path, "polystyrene")
    with pytest.raises(StateError, match="verification 1 of raman-1"):
        verify(lab, "ana", "raman-1", path, "polystyrene")
    add_instrument(lab, "ana", "raman-2", Technique.RAMAN)
    with pytest.raises(StateError):
        verify(lab, "ana", "raman-2", path, "polystyrene")


def test_the_same_key_is_one_verification(lab, bench, raman):
    path = polystyrene(bench)
    first = verify(lab, "ana", "raman-1", path, "polystyrene", key="k")
    assert verify(lab, "ana", "raman-1", path, "polystyrene", key="k") == first
    assert verification.verifications(lab) == (first,)


@pytest.mark.parametrize("person", ["olga", "rex", "cus", "lia", "root", "lee"])
def test_only_analysts_and_quality_verify(lab, bench, raman, person):
    with pytest.raises(PermissionDenied):
        verify(lab, person, "raman-1", polystyrene(bench), "polystyrene")


def test_a_file_of_another_technique_is_no_verdict(lab, bench, raman):
    film = written(bench, "film.jdx", of_standard("polystyrene-film"))
    with pytest.raises(RecordError, match="is ftir, raman-1 is raman"):
        verify(lab, "ana", "raman-1", film, "polystyrene")
    assert verification.verifications(lab) == ()


@pytest.mark.parametrize("name", ["alkanes", "dftpp"])
def test_a_standard_of_another_technique_is_refused_with_those_that_fit(lab, bench, raman, name):
    with pytest.raises(RecordError) as caught:
        verify(lab, "ana", "raman-1", polystyrene(bench), name)
    assert "silicon" in caught.value.hint


def test_an_expired_lot_verifies_nothing(lab, bench, raman):
    with on_day(0):
        materials.add_lot(lab, "ana", "polystyrene", "A1", expires=(NOON).date())
        done = verify(
            lab,
            "ana",
            "raman-1",
            polystyrene(bench),
            "polystyrene",
            material="Polystyrene",
            lot="a1",
        )
    assert done.lot == "polystyrene A1"
    with on_day(2), pytest.raises(StateError, match="expired on 2026-11-24"):
        verify(
            lab, "ana", "raman-1", polystyrene(bench, seed=2), "polystyrene",
            material="polystyrene", lot="A1",
        )  # fmt: skip
    with pytest.raises(NotFoundError):
        verify(lab, "ana", "raman-1", polystyrene(bench, seed=3), "polystyrene", lot="Z")


def test_a_later_run_is_searched_with_the_axis_corrected(lab, bench, raman, library):
    with on_day(0):
        plain = measured(lab, bench, 21, off=7.0, instrument="")
        verify(lab, "ana", "raman-1", polystyrene(bench, off=7.0), "polystyrene")
        found = measured(lab, bench, 22, off=7.0)
    assert answer(found)["hits"][0]["name"] == "caffeine"
    # The search itself bears a few cm⁻¹; what is left of the difference shrinks all the same.
    missed, left = (1 - answer(each)["hits"][0]["hqi"] for each in (plain, found))
    assert left < 0.3 * missed
    assert any("calibrate the axis" in step for step in answer(found)["steps"])
    assert not any("calibrate the axis" in step for step in answer(plain)["steps"])
    assert "instrument" not in plain.match
    nameless = measured(lab, bench, 23, instrument="")
    assert "presumptive only: which raman instrument" in answer(nameless)["decision"]["reasons"][-1]
    assert nameless.match["instrument"]["effect"] == "presumptive"
    facts = found.match["instrument"]
    assert (facts["name"], facts["effect"]) == ("raman-1", "none")
    assert of_facts(facts).facts() == facts


def test_an_overdue_axis_leaves_the_answer_but_confirms_nothing(lab, bench, raman, library):
    with on_day(0):
        verify(lab, "ana", "raman-1", polystyrene(bench), "polystyrene")
        fresh = measured(lab, bench, 31)
    with on_day(8):
        late = measured(lab, bench, 32)
        said = answer(late)["decision"]
        assert answer(fresh)["decision"]["state"] == said["state"]
        assert said["substances"] == answer(fresh)["decision"]["substances"] != []
        assert any("presumptive only: the axis of raman-1 was last verified 8 days" in r
                   for r in said["reasons"])  # fmt: skip
        review.review(lab, "rex", late.id, accept=True)
        drawn = conclusion.conclude(lab, "ana", late.sample)
    assert drawn.level is ConclusionLevel.PRESUMPTIVE
    assert any("verification is in date" in each for each in drawn.missing)


def test_a_failed_axis_names_nothing_and_is_never_no_match(lab, bench, raman, library):
    verify(lab, "ana", "raman-1", polystyrene(bench, off=12.0), "polystyrene")
    found = measured(lab, bench, 41)
    assert found.level == "insufficient"
    assert answer(found)["decision"]["substances"] == []
    assert "axis verification of raman-1 failed" in answer(found)["decision"]["reasons"][0]
    assert not answer(found)["quality"]["ok"]
    # The nearest entry stays: a hazard notice may rest on it.
    assert answer(found)["hits"][0]["name"] == "caffeine"


def test_never_verified_is_told_and_confirms_nothing(lab, bench, raman, library):
    found = measured(lab, bench, 51)
    assert any("never verified" in r for r in answer(found)["decision"]["reasons"])
    assert found.match["instrument"]["effect"] == Effect.PRESUMPTIVE.value


def test_an_instrument_is_recognised_by_the_serial_number_of_its_file(lab, bench, raman):
    path = written(bench, "serial.jdx", of_bands(61))
    export = registry.read_bytes(path.read_bytes(), path.name)
    found = instrument_standing.recognised(
        lab, replace(export, metadata={**export.metadata, "serial": "r77"})
    )
    assert found == raman
    other = replace(export, metadata={"serial": "r78"})
    assert instrument_standing.recognised(lab, other) is None
    wrong = replace(export, metadata={"serial": "r77"}, technique=Technique.FTIR)
    assert instrument_standing.recognised(lab, wrong) is None


def test_interval_is_set_by_a_person_with_a_reason(lab, bench, raman):
    with on_day(0):
        verify(lab, "ana", "raman-1", polystyrene(bench), "polystyrene")
    assert standing(lab, raman, NOON + timedelta(days=6))[Aspect.AXIS].standing is Standing.CURRENT
    assert set_interval(lab, "qm", "raman-1", Aspect.AXIS, 3, reason="moved every day") == 3
    late = standing(lab, raman, NOON + timedelta(days=6))[Aspect.AXIS]
    assert (late.standing, late.effect) == (Standing.OVERDUE, Effect.PRESUMPTIVE)
    assert "6 days before, 3 are allowed" in late.reason
    for person in ("ana", "rex", "root"):
        with pytest.raises(PermissionDenied):
            set_interval(lab, person, "raman-1", Aspect.AXIS, 3, reason="x")
    with pytest.raises(RecordError):
        set_interval(lab, "qm", "raman-1", Aspect.AXIS, 3, reason=" ")
    with pytest.raises(RecordError, match="has no tune"):
        set_interval(lab, "qm", "raman-1", Aspect.TUNE, 3, reason="x")


@pytest.mark.parametrize("days", [0, -1, 3651, True])
def test_interval_is_a_number_of_days(lab, raman, days):
    with pytest.raises(RecordError):
        set_interval(lab, "qm", "raman-1", Aspect.AXIS, days, reason="x")


def test_a_clock_set_back_does_not_make_a_verification_younger(lab, bench, raman):
    with on_day(0):
        verify(lab, "ana", "raman-1", polystyrene(bench), "polystyrene")
    early = standing(lab, raman, NOON - timedelta(days=1))[Aspect.AXIS]
    assert early.standing is Standing.OVERDUE
    assert "check the clock" in early.reason


def test_a_failed_verification_holds_what_was_measured_since_the_last_good_one(
    lab, bench, raman, library
):
    early = measured(lab, bench, 71)
    verify(lab, "ana", "raman-1", polystyrene(bench, seed=1), "polystyrene")
    late = measured(lab, bench, 72)
    verify(lab, "ana", "raman-1", polystyrene(bench, off=12.0, seed=2), "polystyrene")
    review.review(lab, "rex", early.id, accept=True)
    with pytest.raises(StateError, match="axis verification of raman-1"):
        review.review(lab, "rex", late.id, accept=True)
    verify(lab, "ana", "raman-1", polystyrene(bench, seed=3), "polystyrene")
    assert holds.holds(lab) == ()
    assert review.review(lab, "rex", late.id, accept=True).state == "reviewed"


def test_alkanes_give_a_ladder_that_later_runs_use_while_it_is_in_date(lab, bench, gcms):
    path = written(bench, "ladder.cdf", ladder_run(list(range(10, 22))), "andi")
    with on_day(0):
        done = verify(lab, "ana", "gc-1", path, "alkanes")
    assert done.passed
    assert done.ladder["carbons"] == list(range(10, 22))
    peak = spectrum({58: 999.0, 91: 300.0, 119: 120.0, 134: 80.0}, "one")
    runs = [(peak, 150.0, 3e6)]
    a_library(lab.libraries_folder, [peak, spectrum({44: 9.0, 77: 5.0, 105: 8.0}, "other")])
    for day, expected in ((0, True), (31, False)):
        with on_day(day):
            run = written(bench, f"run{day}.cdf", run_of(runs, seed=day + 1), "andi")
            found = examination.ingest(lab, "ana", run, a_sample(lab).number, instrument="gc-1")
        indices = [each["retention_index"] for each in found.match["peaks"]]
        assert any(index is not None for index in indices) is expected
        if expected:
            assert found.match["runs"][0]["ladder"]["sha256"] == done.raw_sha256
            again = kept_runs.context_again(lab.raw_folder, kept_runs.beside(found.match))
            assert again.ladder is not None
            assert again.condition.facts() == found.match["instrument"]
        else:
            assert found.match["runs"][0]["ladder"] is None
            assert any("retention of gc-1" in r
                       for r in found.match["peaks"][0]["decision"]["reasons"])  # fmt: skip


def test_a_sample_with_some_alkanes_in_it_is_no_ladder(lab, bench, gcms):
    gaps = [(alkane(n), 100.0 + 20 * n, 2e6) for n in (10, 12, 22, 28, 32)]
    path = written(bench, "oil.cdf", run_of(gaps, length_s=800.0), "andi")
    done = verify(lab, "ana", "gc-1", path, "alkanes")
    assert done.reasons == ("widest gap: 10 carbons, at most 4 is needed",)
    others = [spectrum({58 + at: 999.0, 91 + at: 300.0, 119 + at: 90.0}) for at in range(8)]
    small = [(alkane(n), 15.0 * n, 1e6) for n in range(10, 16)]
    large = [(each, 300.0 + 25 * at, 9e6) for at, each in enumerate(others)]
    path = written(bench, "mixed.cdf", run_of([*small, *large], seed=4), "andi")
    (reason,) = verify(lab, "ana", "gc-1", path, "alkanes").reasons
    assert reason.startswith("alkanes among the largest peaks: 0 %")


def test_a_failed_ladder_holds_nothing(lab, bench, gcms):
    path = written(bench, "short.cdf", ladder_run([10, 11, 12]), "andi")
    assert not verify(lab, "ana", "gc-1", path, "alkanes").passed
    assert holds.holds(lab) == ()


@pytest.mark.parametrize(("name", "ions"), [("dftpp", DFTPP), ("bfb", BFB)])
def test_a_tune_standard_is_found_in_its_run_and_judged(lab, bench, gcms, name, ions):
    other = spectrum({43: 999.0, 57: 600.0, 71: 300.0})
    mixed = [(other, 150.0, 3e6), (spectrum(ions), 300.0, 3e7)]
    path = written(bench, "tune.cdf", run_of(mixed), "andi")
    done = verify(lab, "ana", "gc-1", path, name)
    assert done.passed, done.reasons
    assert "EPA" in done.source
    assert len(done.checks) == len({each["name"] for each in done.checks})
    heavy = {e["name"]: e for e in done.checks}
    main = "m/z 442" if name == "dftpp" else "m/z 174"
    assert heavy[main]["ok"]


def test_a_tune_file_of_one_spectrum_is_judged_as_it_is(lab, bench, gcms):
    mz = np.array(sorted(BFB), dtype=float)
    one = MassSpectrum(
        title="bfb", mz=mz, intensity=np.array([BFB[int(m)] for m in mz]), ionization="EI"
    )
    done = verify(lab, "ana", "gc-1", written(bench, "bfb.msp", one, "msp"), "bfb")
    assert done.passed, done.reasons
    bad = MassSpectrum(
        title="bfb",
        mz=mz,
        intensity=np.array([{**BFB, 173: 5.0}[int(m)] for m in mz]),
        ionization="EI",
    )
    done = verify(lab, "ana", "gc-1", written(bench, "bad.msp", bad, "msp"), "bfb")
    assert not done.passed
    assert done.reasons == ("m/z 173: 6.25 % of 174, 0 to 2 is needed",)


def test_a_substance_must_be_named_by_the_libraries(lab, bench, raman, library):
    good = written(bench, "steady.jdx", of_bands(81))
    done = verify(lab, "ana", "raman-1", good, "Caffeine")
    assert (done.aspect, done.standard, done.passed) == ("identity", "caffeine", True)
    other = written(bench, "ps.jdx", of_standard("polystyrene"))
    bad = verify(lab, "ana", "raman-1", other, "caffeine")
    assert not bad.passed
    found = measured(lab, bench, 82)
    assert found.level == "insufficient"


def test_a_word_that_is_no_substance_is_refused(lab, bench, raman, library):
    with pytest.raises(RecordError, match="does not know"):
        verify(lab, "ana", "raman-1", polystyrene(bench), "polystyrine")
    assert verification.verifications(lab) == ()


def test_a_missing_file_of_a_standard_is_found_by_the_audit(lab, bench, raman):
    done = verify(lab, "ana", "raman-1", polystyrene(bench), "polystyrene")
    kept = lab.raw_folder / done.raw_sha256[:2] / done.raw_sha256[2:4] / done.raw_sha256
    assert audit.verify(lab).ok
    kept.chmod(0o600)
    kept.unlink()
    report = audit.verify(lab)
    assert not report.ok
    assert "verification raman-1" in report.problems[0]


def test_replay_gives_the_same_rows(lab, bench, raman, library):
    materials.add_lot(lab, "ana", "polystyrene", "A1")
    verify(lab, "ana", "raman-1", polystyrene(bench, seed=1), "polystyrene",
           material="polystyrene", lot="A1")  # fmt: skip
    verify(lab, "ana", "raman-1", polystyrene(bench, off=12.0, seed=2), "polystyrene")
    verify(lab, "qm", "raman-1", polystyrene(bench, off=-1.0, seed=3), "polystyrene")
    set_interval(lab, "qm", "raman-1", Aspect.AXIS, 3, reason="moved")
    materials.end_lot(lab, "ana", "polystyrene", "A1", reason="used up")
    assert audit.verify(lab).ok
    assert {"verification", "instrument_interval", "material_lot", "result_hold"} <= set(
        projections.TABLES
    )
    assert [each.number for each in verification.verifications(lab, "RAMAN-1")] == [3, 2, 1]
    assert bench_instruments.instrument(lab, "raman-1") == raman
