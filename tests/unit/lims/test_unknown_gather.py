"""Unknowns of before there were clusters are read again from their kept bytes."""

from __future__ import annotations

import json

import numpy as np
import pytest

from instruments.writers import write
from lims import audit, examination, unknown_queries
from lims.errors import PermissionDenied
from lims.unknown_gather import gather
from spectra import simulate
from spectra.axis import UNIT_CM1, UNIT_ONE, XKind, YKind
from spectra.spectrum import MassSpectrum, Spectrum
from tests.lims_builders import a_lab, a_sample, an_entry
from tests.unknown_builders import BENZYL, FURAN


@pytest.fixture
def lab(tmp_path):
    made = a_lab(tmp_path / "lab")
    yield made
    made.close()


def sticks(ions):
    return MassSpectrum(
        title="x", mz=np.array(sorted(ions)), intensity=np.array([ions[mz] for mz in sorted(ions)])
    )


def run_file(folder, name, ions, seed):
    part = simulate.RunComponent(spectrum=sticks(ions), retention_time_s=200.0, area=2e6)
    made = simulate.gcms_run(name, [part], np.random.default_rng(seed), duration_s=240.0)
    path = folder / f"{name}.cdf"
    path.write_bytes(write([made], "andi"))
    return path


def as_of_old(*, peaks=0, spectra=0):
    """A comparison as software without signatures recorded it."""

    def compare(export, libraries, top=10):
        from spectra.chromatography import read_run

        said = {
            "path": "x",
            "technique": export.technique.value,
            "libraries": [],
            "training": False,
        }
        if spectra:
            said["spectra"] = [an_entry("no_match", compared_as="ftir") for _ in export.spectra]
        else:
            said["peaks"] = [
                an_entry(
                    "no_match",
                    compared_as="ei",
                    retention_time_s=round(each.retention_time_s, 3),
                    area_fraction=each.area_fraction,
                )
                for each in read_run(export.spectra[0]).components
            ]
        return said

    return compare


def test_old_runs_are_read_again_and_gathered_by_likeness(lab, tmp_path):
    for name, ions, seed in (("a", FURAN, 1), ("b", FURAN, 2), ("c", BENZYL, 3)):
        path = run_file(tmp_path, name, ions, seed)
        examination.ingest(lab, "ana", path, a_sample(lab).number, match=as_of_old())
    assert unknown_queries.listed(lab) == ()
    report = gather(lab, "ana")
    assert (report.read, report.problems) == (3, ())
    assert sorted(len(each.samples) for each in unknown_queries.listed(lab)) == [1, 2]
    assert gather(lab, "ana").read == 0
    assert audit.verify(lab).ok


def test_old_curves_are_gathered_too(lab, tmp_path):
    x = np.arange(400.0, 4000.0, 2.0)
    bands = [simulate.Band(position_cm1=at, width_cm1=18.0, height=1.0) for at in (700, 1100, 1650)]
    for name in "ab":
        y = simulate.curve(bands, x) + np.random.default_rng(ord(name)).normal(0, 0.002, x.size)
        made = Spectrum(
            title=name, x=x, y=y, x_kind=XKind.WAVENUMBER, x_unit=UNIT_CM1,
            y_kind=YKind.ABSORBANCE, y_unit=UNIT_ONE,
        )  # fmt: skip
        path = tmp_path / f"{name}.jdx"
        path.write_bytes(write([made], "jcamp"))
        examination.ingest(lab, "ana", path, a_sample(lab).number, match=as_of_old(spectra=1))
    gather(lab, "ana")
    [cluster] = unknown_queries.listed(lab)
    assert (len(cluster.samples), cluster.techniques) == (2, ("ftir",))


def test_bytes_that_are_gone_are_told_and_stop_nothing(lab, tmp_path):
    for name, seed in (("a", 1), ("b", 2)):
        path = run_file(tmp_path, name, FURAN, seed)
        examination.ingest(lab, "ana", path, a_sample(lab).number, match=as_of_old())
    kept = next(path for path in lab.raw_folder.rglob("*") if path.is_file())
    kept.chmod(0o600)
    kept.write_bytes(json.dumps({}).encode())
    report = gather(lab, "ana")
    assert report.read == 1
    [problem] = report.problems
    assert problem.problem
    assert len(unknown_queries.listed(lab)) == 1


def test_only_scientists_gather(lab):
    with pytest.raises(PermissionDenied):
        gather(lab, "olga")
