from __future__ import annotations

import numpy as np
import pytest

from spectra.chromatography import read_run
from spectra.spectrum import MassRun
from tests.unit.spectra.gcms_runs import random_spectrum, run_of

SPECTRUM = random_spectrum(np.random.default_rng(1))


def only(run: MassRun, keep: np.ndarray, intensity: np.ndarray | None = None) -> MassRun:
    scans = np.repeat(np.arange(run.n_scans), np.diff(run.offsets))[keep]
    return MassRun(
        title="changed",
        scan_time_s=run.scan_time_s,
        offsets=np.searchsorted(scans, np.arange(run.n_scans + 1)),
        mz=run.mz[keep],
        intensity=(run.intensity if intensity is None else intensity)[keep],
    )


def test_selected_ions_are_told_from_full_scans():
    run = run_of([(SPECTRUM, 200.0, 1e6)])
    assert read_run(run).quality.selected_mz == ()
    rng = np.random.default_rng(2)
    selected = np.array([91.0, 146.0, 189.0, 245.0])
    shape = np.exp(-0.5 * ((np.arange(400) - 200) / 4) ** 2)
    sim = MassRun(
        title="sim",
        scan_time_s=np.arange(400.0),
        offsets=np.arange(401) * 4,
        mz=np.tile(selected, 400),
        intensity=rng.poisson(20 + 5000 * shape[:, None] * [0.4, 1, 0.7, 0.9]).ravel() + 1.0,
    )
    found = read_run(sim)
    assert found.quality.selected_mz == (91, 146, 189, 245)
    assert "not comparable" in found.quality.remarks[0]
    assert len(found.components) == 1


def test_profile_points_are_added_and_said():
    run = run_of([(SPECTRUM, 200.0, 1e6)])
    steps = np.linspace(-0.3, 0.3, 7)
    profile = MassRun(
        title="profile",
        scan_time_s=run.scan_time_s,
        offsets=run.offsets * 7,
        mz=(run.mz[:, None] + steps).ravel(),
        intensity=(run.intensity[:, None] * np.exp(-((steps / 0.15) ** 2))).ravel(),
    )
    found = read_run(profile)
    assert found.quality.profile
    assert any("profile" in remark for remark in found.quality.remarks)
    (one,) = found.components
    assert one.retention_time_s == pytest.approx(200.0, abs=0.2)
    assert not read_run(run).quality.profile


def test_a_detector_at_its_end_is_told_with_the_masses():
    run = run_of([(SPECTRUM, 200.0, 4e7), (SPECTRUM, 400.0, 2e5)])
    ceiling = float(run.intensity.max()) / 4
    cut = only(run, np.ones(run.mz.size, bool), np.minimum(run.intensity, ceiling))
    found = read_run(cut)
    assert found.quality.ceiling == ceiling
    first = min(found.components, key=lambda c: abs(c.retention_time_s - 200))
    last = min(found.components, key=lambda c: abs(c.retention_time_s - 400))
    assert int(SPECTRUM.base_peak_mz) in first.saturated_mz
    assert last.saturated_mz == ()
    assert read_run(run).quality.ceiling is None


@pytest.mark.parametrize("n_scans", [0, 1, 6])
def test_too_few_scans_say_so(n_scans):
    run = MassRun(
        title="short",
        scan_time_s=np.arange(float(n_scans)),
        offsets=np.arange(n_scans + 1) * 2,
        mz=np.tile([50.0, 60.0], n_scans),
        intensity=np.ones(2 * n_scans),
    )
    assert f"{n_scans} scans" in read_run(run).reason


def test_a_run_without_peaks_says_what_was_looked_at():
    blank = read_run(run_of([]))
    assert blank.components == ()
    assert "1200 scans, 0.00 to 9.99 min" in blank.reason
    empty = MassRun(
        title="", scan_time_s=np.arange(50.0), offsets=np.zeros(51, int), mz=[], intensity=[]
    )
    assert "holds an ion" in read_run(empty).reason


def test_a_component_tells_how_it_was_found():
    found = read_run(run_of([(SPECTRUM, 200.2, 1e6)]))
    (one,) = found.components
    assert found.reason == ""
    assert 0.04 < one.apex_error_s < 0.2
    assert abs(one.retention_time_s - 200.3) < 3 * one.apex_error_s + 0.2
    assert one.width_s == one.n_scans * 0.5
    assert set(one.model_mz) <= set(one.spectrum.mz.astype(int))
    assert found.noise == pytest.approx(1.0, rel=0.5)
