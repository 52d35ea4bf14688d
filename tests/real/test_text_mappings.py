"""Every real text export, read by the mapping proposed from it, gives the same numbers."""

import json
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest

from instruments import read
from instruments.errors import FormatError, RefusedFormatError
from instruments.formats.text import read_text
from instruments.mapping import from_text, to_json
from instruments.mapping_proposal import Choices, propose
from spectra.axis import XKind
from spectra.convert import to_absorbance
from spectra.errors import NotComparableError
from spectra.spectrum import Chromatogram, MassSpectrum, Spectrum
from tests.real.instrument_files import DATA, manifest, needs_data

pytestmark = pytest.mark.real

FORMATS = (
    *("bruker-dpt", "renishaw-txt", "horiba-txt", "witec-txt", "ocean-txt", "avantes-txt"),
    *("perkinelmer-ascii", "csv", "bwtek-txt", "portable-other", "shimadzu-txt", "rruff-txt"),
)
# Some are read by readers of their own; of many curves a mapping names one.
TEXTS = [row["file"] for row in manifest() if row["format"] in FORMATS]
# A range that fits neither absorbance nor transmittance: only a person can say.
ASKED = {"ir/csv/IR.CSV": "%T"}


def first(reading):
    curve = reading.spectra[0]
    return (curve.mz, curve.intensity) if isinstance(curve, MassSpectrum) else (curve.x, curve.y)


@pytest.mark.parametrize("name", TEXTS)
def test_text_reads_alike_by_its_mapping(name):
    needs_data()
    path = DATA / name
    export = read(path)
    if export.reader != "text":
        with pytest.raises(RefusedFormatError, match="says itself"):
            propose(path.read_bytes(), name, Choices())
        return
    choices = Choices(y_column="2") if len(export.spectra) > 1 else Choices()
    if name in ASKED:
        with pytest.raises(RefusedFormatError, match="what the ordinate is"):
            propose(path.read_bytes(), name, choices)
        choices = replace(choices, y_unit=ASKED[name])
    proposal = propose(path.read_bytes(), name, choices)
    mapping = from_text(json.dumps(to_json(proposal.mapping)))
    mapped = read_text(path.read_bytes(), name, replace(mapping, name="bench", version=1))
    for ours, theirs in zip(first(mapped), first(export), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert not any("please confirm" in warning for warning in mapped.warnings)


@pytest.mark.parametrize("name", TEXTS)
def test_what_has_no_calibrated_axis_is_refused_for_matching(name):
    needs_data()
    for curve in read(DATA / name).spectra[:1]:
        if not isinstance(curve, Spectrum) or curve.faults:
            continue
        laser = "laser_nm" in curve.metadata
        if curve.x_kind is XKind.PIXEL or (curve.x_kind is XKind.WAVELENGTH and not laser):
            with pytest.raises(NotComparableError):
                to_absorbance(curve)


def test_one_instruments_file_is_refused_by_anothers_mapping():
    needs_data()
    own, other = (
        next(DATA / name for name in TEXTS if part in name) for part in ("polystyrene", "BlackChip")
    )
    mapping = propose(own.read_bytes(), own.name, Choices()).mapping
    with pytest.raises(RefusedFormatError, match=r"found .*; expected"):
        read_text(other.read_bytes(), other.name, mapping)


def test_stitched_windows_are_told():
    needs_data()
    (curve,) = read(DATA / "raman/renishaw-txt/paracetamol.txt").spectra
    assert "7 points repeat the x before them: stitched" in curve.faults[0]


REPORTS = {
    "gc/shimadzu-ascii/ladder.txt": (83, 110.58, 2042.0, "area"),
    "gc/agilent-report/Report.TXT": (26, 86.52, 831.18597, "area"),
}


@pytest.mark.parametrize("name", REPORTS)
def test_peak_table_of_a_report_is_data(name):
    from instruments.formats.gc_peaks import peaks_of

    needs_data()
    n_peaks, time_s, area, what = REPORTS[name]
    export = read(DATA / name)
    curve = export.spectra[0]
    assert isinstance(curve, Chromatogram)
    assert curve.x_unit == "s"
    peaks = peaks_of(curve.metadata)
    assert len(peaks) == n_peaks
    assert peaks[0]["retention_time_s"] == pytest.approx(time_s)
    assert peaks[0][what] == area


def test_shimadzu_trace_has_its_points_and_its_tallest_peak_in_the_table():
    from instruments.formats.gc_peaks import peaks_of

    needs_data()
    (curve,) = read(DATA / "gc/shimadzu-ascii/ladder.txt").spectra
    assert curve.x.size == 66255
    assert curve.x[-1] == pytest.approx(44.16967 * 60)
    assert not curve.faults
    # Heights in the table stand above a baseline, so the trace's own top is the taller.
    top = max(peaks_of(curve.metadata), key=lambda peak: peak["height"])
    assert top["retention_time_s"] == pytest.approx(curve.x[np.argmax(curve.y)], abs=1.0)


def test_agilent_report_has_no_trace_and_its_areas_add_up():
    needs_data()
    export = read(DATA / "gc/agilent-report/Report.TXT")
    assert len(export.spectra) == 5
    for curve in export.spectra:
        assert "no trace" in curve.faults[0]
        assert len(curve.faults) == 1
    cut = (DATA / "gc/agilent-report/Report.TXT").read_bytes()[:7000]
    from instruments import read_bytes

    faults = [fault for curve in read_bytes(cut, "Report.TXT").spectra for fault in curve.faults]
    assert any("may be cut" in fault for fault in faults)


def test_chromeleon_example_is_shorter_than_it_says():
    needs_data()
    (curve,) = read(DATA / "gc/chromeleon-txt/chromeleon_period.txt").spectra
    assert curve.y_unit == "nC"
    np.testing.assert_allclose(curve.x[:3], [0.0, 1.0, 2.0], atol=1e-4)
    assert any("announces 3241 points, 10 were found" in fault for fault in curve.faults)


@pytest.mark.parametrize("name", [*REPORTS, "gc/chromeleon-txt/chromeleon_period.txt"])
def test_changed_report_is_read_or_is_our_error(name):
    from instruments import read_bytes

    needs_data()
    whole = (DATA / name).read_bytes()[:20_000]
    dice = np.random.default_rng(5)
    for _ in range(60):
        data = bytearray(whole)
        for at in dice.integers(0, len(data), 3):
            data[at] = int(dice.integers(0, 256))
        data = data[: int(dice.integers(100, len(data)))]
        with suppress(FormatError):
            assert read_bytes(bytes(data), "report.txt").spectra
