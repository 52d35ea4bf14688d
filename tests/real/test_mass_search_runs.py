from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spectra.chromatography import find_components
from spectra.spectrum import MassRun
from tests.real.mass_data import folder

pytestmark = pytest.mark.real


def run_of(name: str) -> MassRun:
    """Read an ANDI (NetCDF-3) run with scipy alone, so that no reader of ours is in the way."""
    from scipy.io import netcdf_file

    path: Path = folder() / "instruments" / "gcms" / "andi-cdf" / name
    with netcdf_file(str(path), "r", mmap=False) as file:
        whole = {name: held for name, held in file.variables.items() if held.shape}
        held = {name: np.array(variable[:]) for name, variable in whole.items()}
    return MassRun(
        title=name,
        scan_time_s=held["scan_acquisition_time"],
        offsets=np.append(held["scan_index"], held["mass_values"].size),
        mz=held["mass_values"],
        intensity=held["intensity_values"],
    )


def test_a_clean_run_gives_its_five_peaks_where_the_ion_current_has_them():
    run = run_of("CENTSCNH.CDF")
    found = find_components(run)
    times = [c.retention_time_s for c in found]
    assert times == pytest.approx([316.6, 385.6, 464.2, 537.1, 586.4], abs=0.5)
    current = run.summed_tic()
    for component in found:
        if component.area_fraction < 0.05:
            continue
        at = int(np.argmin(np.abs(run.scan_time_s - component.retention_time_s)))
        near = current[max(at - 5, 0) : at + 6]
        assert current[at - 1 : at + 2].max() == near.max()


def test_a_long_run_gives_many_components_that_share_all_area():
    found = find_components(run_of("agilent-gcms.cdf"))
    assert 120 <= len(found) <= 260
    assert sum(c.area_fraction for c in found) == pytest.approx(1.0)
    times = [c.retention_time_s for c in found]
    assert times == sorted(times)
    assert all(0 <= c.purity <= 1 and c.n_scans >= 1 and c.spectrum.mz.size >= 3 for c in found)


@pytest.mark.parametrize("name", ["CENTSCNL.CDF", "QD.CDF", "PE_SCIEX__CENTSCNL.CDF"])
def test_short_runs_are_read_without_fault(name):
    for component in find_components(run_of(name)):
        assert component.area > 0
        assert np.isfinite(component.spectrum.intensity).all()


def test_a_selected_ion_run_gives_its_pairs_of_ions():
    found = find_components(run_of("CENTSIDH.CDF"))
    tallest = max(found, key=lambda component: component.area)
    assert {165.0, 244.0} <= set(tallest.spectrum.mz)
