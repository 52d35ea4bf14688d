"""Reports of chromatography software: traces in seconds, peak tables as data, nothing made up."""

from contextlib import suppress

import numpy as np
import pytest

from instruments import read_bytes
from instruments.errors import FormatError, RefusedFormatError
from instruments.formats.gc_peaks import NO_TRACE, columns, find_signs, peaks_of
from spectra.spectrum import MassSpectrum, Technique
from tui.summary import spectrum_entry

HEADER = "[Header]\nApplication Name\tLabSolutions\n\n[Sample Information]\nSample Name\tS 1\n\n"
PEAK_NAMES = "Peak#\tR.Time\tI.Time\tF.Time\tArea\tHeight\tA/H\tConc.\tMark\tID#\tName\n"


def trace(n=30, start=0.0, heading="Chromatogram (Ch1)", announced=None, more=""):
    rows = "".join(f"{start + at / 60:.5f}\t{at * at}\n" for at in range(n))
    return (
        f"[{heading}]\nInterval(msec)\t1000\n# of Points\t{announced or n}\n{more}"
        f"Start Time(min)\t0.000\nEnd Time(min)\t1.0\nR.Time (min)\tIntensity\n{rows}\n"
    )


def peaks(channel="(Ch1)", announced=2):
    return (
        f"[Peak Table{channel}]\n# of Peaks\t{announced}\n{PEAK_NAMES}"
        "1\t1.500\t1.400\t1.600\t2042\t505\t4.0\t0.0\t V \t\tcocaine\n"
        "2\t2.250\t2.200\t2.300\t100.5\t50\t2.0\t0.0\t\t\t\n\n"
    )


def read_text(text, name="run.txt", encoding="utf-8"):
    return read_bytes(text.encode(encoding), name)


def test_shimadzu_trace_is_in_seconds_with_its_peaks():
    export = read_text(HEADER + peaks() + trace())
    assert (export.format, export.technique) == ("shimadzu-ascii", Technique.GC)
    (curve,) = export.spectra
    np.testing.assert_allclose(curve.x, np.arange(30.0), atol=1e-3)
    np.testing.assert_array_equal(curve.y, np.arange(30.0) ** 2)
    assert curve.x_unit == "s"
    assert not curve.faults
    first, second = peaks_of(curve.metadata)
    assert first == {
        "number": 1,
        "retention_time_s": 90.0,
        "start_s": 84.0,
        "end_s": 96.0,
        "area": 2042.0,
        "height": 505.0,
        "amount": 0.0,
        "type": "V",
        "name": "cocaine",
    }
    assert second["retention_time_s"] == 135.0
    assert "name" not in second


def test_peaks_are_shown_by_read():
    (curve,) = read_text(HEADER + peaks() + trace()).spectra
    assert [each["area"] for each in spectrum_entry(curve)["peaks"]] == [2042.0, 100.5]
    (bare,) = read_text(HEADER + trace()).spectra
    assert "peaks" not in spectrum_entry(bare)


def test_decimal_commas_mean_the_same():
    text = HEADER + peaks() + trace()
    comma = "\n".join(
        line if line.startswith("[") else line.replace(".", ",") for line in text.split("\n")
    ).replace("R,Time", "R.Time")
    dots, commas = read_text(text).spectra[0], read_text(comma).spectra[0]
    np.testing.assert_array_equal(dots.x, commas.x)
    assert peaks_of(dots.metadata)[1]["area"] == peaks_of(commas.metadata)[1]["area"]


def test_each_detector_keeps_its_own_peaks():
    text = HEADER + peaks("(Ch2)") + trace() + trace(20, heading="Chromatogram (Ch2)")
    first, second = read_text(text).spectra
    assert peaks_of(first.metadata) == []
    assert len(peaks_of(second.metadata)) == 2
    assert (first.title, second.title) == ("S 1 Chromatogram (Ch1)", "S 1 Chromatogram (Ch2)")


def test_mass_chromatogram_peak_table_and_spectrum():
    text = (
        HEADER
        + "[MC Peak Table]\n# of Peaks\t1\nMass\tTIC\n"
        + "Peak#\tRet.Time\tProc.From\tProc.To\tMass\tArea\tHeight\tName\n"
        + "1\t2.000\t1.900\t2.100\tTIC\t5000\t900\tfentanyl\n\n"
        + "[MS Chromatogram]\n# of m/z\t2\nm/z\tTIC\n# of Points\t12\n"
        + "Ret.Time\tAbsolute Intensity\tRelative Intensity\n"
        + "".join(f"{at / 60:.5f}\t{at}\t1.00\n" for at in range(12))
        + "m/z\t245.00\n# of Points\t12\nRet.Time\tAbsolute Intensity\tRelative Intensity\n"
        + "".join(f"{at / 60:.5f}\t{at * 2}\t1.00\n" for at in range(12))
        + "\n[MS Spectrum]\n# of Peaks\t2\nRaw Spectrum\t2.010 (scan : 100)\n"
        + "m/z\tAbsolute Intensity\tRelative Intensity\n245.00\t900\t100.00\n146.00\t450\t50.00\n"
    )
    export = read_text(text)
    assert export.technique is Technique.GCMS
    total, ion, spectrum = export.spectra
    assert [each["name"] for each in peaks_of(total.metadata)] == ["fentanyl"]
    assert peaks_of(ion.metadata) == []
    assert ion.title == "S 1 m/z 245.00"
    np.testing.assert_array_equal(ion.y, np.arange(12) * 2.0)
    assert isinstance(spectrum, MassSpectrum)
    assert spectrum.base_peak_mz == 245.0
    assert spectrum.retention_time_s == pytest.approx(120.6)
    assert not any(each.faults for each in export.spectra)


def test_intensity_multiplier_is_applied_and_told():
    more = "Intensity Units\tmAU\nIntensity Multiplier\t0.001\n"
    (curve,) = read_text(
        HEADER + trace(more=more, heading="LC Chromatogram(Detector A-Ch1)")
    ).spectra
    assert curve.y_unit == "mAU"
    assert curve.y[-1] == pytest.approx(0.841)
    assert "Multiplier" in curve.metadata["scaled"]


def test_several_samples_in_one_text():
    export = read_text(HEADER + trace() + HEADER.replace("S 1", "S 2") + trace())
    assert [curve.title[:3] for curve in export.spectra] == ["S 1", "S 2"]
    assert "2 samples" in export.warnings[0]


def test_table_without_a_trace_is_read_as_apexes_and_says_so():
    export = read_text(HEADER + peaks())
    (curve,) = export.spectra
    assert curve.faults == (NO_TRACE,)
    np.testing.assert_array_equal(curve.x, [90.0, 135.0])
    np.testing.assert_array_equal(curve.y, [505.0, 50.0])
    assert any("choose Chromatogram" in warning for warning in export.warnings)


def test_counts_that_do_not_hold_are_faults():
    (curve,) = read_text(HEADER + peaks(announced=9) + trace(announced=99)).spectra
    assert any("announces 99 points, 30 were found" in fault for fault in curve.faults)
    assert any("announces 9 peaks, 2 were found" in fault for fault in curve.faults)


def test_report_without_data_is_refused_with_the_export_to_choose():
    with pytest.raises(RefusedFormatError, match="without a chromatogram") as caught:
        read_text(HEADER + "[Configuration]\nInstrument Name\tGC\n")
    assert "Chromatogram and Peak Table" in caught.value.hint


def test_decimal_commas_between_commas_are_refused():
    text = HEADER.replace("\t", ",") + trace().replace(".", ",").replace("\t", ",")
    with suppress(FormatError):
        for curve in read_text(text.replace("R,Time", "R.Time")).spectra:
            assert curve.faults


AGILENT = """Data File C:\\DATA\\S1.D
Sample Name: S 1
Acq. Operator   : AK                             Seq. Line :  10
=====================================================================
                         Area Percent Report
=====================================================================

Signal 1: FID1 A,

Peak RetTime Type  Width     Area      Height     Area
  #   [min]        [min]   [pA*s]      [pA]         %
----|-------|----|-------|----------|----------|--------|
   1   1.500 BV    0.0500  100.50000   22.50000  33.3333
   2  12.250 MM R  0.1000  201.00000 6.48446e-1  66.6667
Totals :                   301.50000   23.14845

*** End of Report ***
"""


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8", "cp1252"])
def test_agilent_report_gives_its_peaks_in_seconds(encoding):
    export = read_text(AGILENT, "Report.TXT", encoding)
    assert (export.format, export.technique) == ("agilent-report", Technique.GC)
    (curve,) = export.spectra
    assert curve.title == "S 1 FID1 A,"
    assert curve.faults == (NO_TRACE,)
    first, second = peaks_of(curve.metadata)
    assert first["retention_time_s"] == 90.0
    assert first["width_s"] == 3.0
    assert (first["area"], first["area_unit"], first["area_percent"]) == (100.5, "pA*s", 33.3333)
    assert (second["type"], second["height"]) == ("MM R", 0.648446)


def test_agilent_report_in_german_with_decimal_commas():
    text = AGILENT.replace(".", ",").replace("RetTime", "RetZeit").replace("Height", "Höhe  ")
    text = text.replace("Acq, ", "Acq. ").replace("  Area ", "Fläche ").replace("Totals", "Summen")
    (curve,) = read_text(text, "Report.TXT", "utf-16").spectra
    assert peaks_of(curve.metadata)[0]["area"] == 100.5
    assert curve.faults == (NO_TRACE,)


def test_agilent_report_that_does_not_add_up_or_was_cut_says_so():
    wrong = AGILENT.replace("301.50000", "999.50000")
    assert any("add up" in fault for fault in read_text(wrong).spectra[0].faults)
    cut = AGILENT.partition("Totals")[0]
    assert any("cut" in fault for fault in read_text(cut).spectra[0].faults)


def test_calibrated_report_gives_amounts_and_names():
    rule = "-------|------|----------|----------|----------|--|------------------\n"
    head = "RetTime  Type     Area     Amt/Area    Amount   Grp   Name\n"
    units = " [min]         [pA*s]                [mg/ml]\n"
    row = "  1.500 BV     100.50000  1.00000e-2    1.00500    fentanyl citrate, free base\n"
    text = AGILENT.partition("Peak RetTime")[0] + head + units + rule + row + "Totals : \n"
    (curve,) = read_text(text).spectra
    (peak,) = peaks_of(curve.metadata)
    assert peak["retention_time_s"] == 90.0
    assert peak["name"] == "fentanyl citrate, free base"
    assert (peak["amount"], peak["amount_unit"]) == (1.005, "mg/ml")


def test_report_without_a_table_is_refused_with_the_run_to_read():
    with pytest.raises(RefusedFormatError, match="without a peak table") as caught:
        read_text(AGILENT.partition("Peak RetTime")[0])
    assert ".D folder" in caught.value.hint


CHROMELEON = """URL\tchrom://pc/a.channel

Injection Information:
Injection\tS 1
Chromatogram Data Information:
Data Points\t12
Channel\tFID
Signal Unit\tpA

Chromatogram Data:
Time (min)\tStep (s)\tValue (pA)
"""


def chromeleon(decimal="."):
    rows = [f"{at / 60:.6f}\t{'n.a.' if not at else '1.0'}\t{at * 1.5:.6f}" for at in range(12)]
    return CHROMELEON + "\n".join(rows).replace(".", decimal).replace(
        f"n{decimal}a{decimal}", "n.a."
    )


@pytest.mark.parametrize("decimal", [".", ","])
def test_chromeleon_trace_is_in_seconds(decimal):
    export = read_text(chromeleon(decimal))
    assert (export.format, export.technique) == ("chromeleon-txt", Technique.GC)
    (curve,) = export.spectra
    np.testing.assert_allclose(curve.x, np.arange(12.0), atol=1e-4)
    np.testing.assert_allclose(curve.y, np.arange(12) * 1.5)
    assert (curve.title, curve.y_unit) == ("S 1 FID", "pA")
    assert not curve.faults


def test_chromeleon_thousands_signs_are_told_from_decimals():
    text = chromeleon() + "\n0.200000\t1.0\t1,234.500000"
    (curve,) = read_text(text.replace("Data Points\t12", "Data Points\t13")).spectra
    assert curve.y[-1] == 1234.5
    assert not curve.faults


def test_chromeleon_peaks_are_data():
    table = (
        "Peak Results:\nNo.\tPeak Name\tRetention Time (min)\tArea (pA*min)\tHeight (pA)\n"
        "1\tcocaine\t0.100000\t3.500000\t12.000000\n\n"
    )
    text = chromeleon().replace("Chromatogram Data:", table + "Chromatogram Data:")
    (peak,) = peaks_of(read_text(text).spectra[0].metadata)
    assert peak["name"] == "cocaine"
    assert peak["retention_time_s"] == 6.0
    assert peak["area_unit"] == "pA*min"


def test_chromeleon_without_raw_data_is_refused_with_the_export_to_choose():
    with pytest.raises(RefusedFormatError, match="without raw data") as caught:
        read_text(CHROMELEON)
    assert "raw data" in caught.value.hint


def test_signs_that_contradict_each_other_are_refused():
    with pytest.raises(RefusedFormatError):
        find_signs(["1,5", "1.5"])
    assert find_signs(["1.234,5", "1,5"]).value("1.234,5") == 1234.5
    assert find_signs(["12", "n.a."]).decimal == "."


def test_a_column_is_taken_once():
    found = columns(["#", "RetTime [min]", "Area", "Area %", "Area (2)", "Plate Ht.", "Height"])
    assert [c.what for c in found] == [
        *("number", "retention_time", "area", "area_percent", "", "", "height")
    ]


def test_words_of_a_file_are_no_peaks():
    for words in ("{}", "[1]", "[" * 5000, "nonsense", '[{"a":1}]'):
        assert peaks_of({"peaks": words}) == []


@pytest.mark.parametrize(
    "text", [HEADER + peaks() + trace(), AGILENT, chromeleon()], ids=["shimadzu", "agilent", "chr"]
)
def test_any_byte_changed_is_a_measurement_or_our_error(text):
    whole = text.encode()
    dice = np.random.default_rng(3)
    for _ in range(150):
        data = bytearray(whole)
        data[int(dice.integers(0, len(data)))] = int(dice.integers(0, 256))
        data = data[: int(dice.integers(len(data) // 2, len(data) + 1))]
        with suppress(FormatError):
            assert read_bytes(bytes(data), "report.txt").spectra
