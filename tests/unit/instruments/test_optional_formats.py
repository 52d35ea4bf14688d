"""Formats read through packages that may be missing, workbooks, and the small readers beside."""

import builtins
import importlib
import struct
import sys

import numpy as np
import pytest

from instruments import read, read_bytes
from instruments.errors import CorruptFileError, FormatError, RefusedFormatError
from spectra.axis import XKind
from spectra.convert import to_absorbance
from spectra.errors import NotComparableError
from spectra.spectrum import Technique
from tests.unit.instruments.vendor_files import (
    a_delta_trace,
    a_masshunter,
    a_sheet,
    a_workbook,
    a_zip,
    an_ole2,
    an_spe,
)

THERMO = b"\x01\xa1F\x00i\x00n\x00n\x00i\x00g\x00a\x00n\x00" + bytes(3000)
ROWS = [(200.0 + 10 * at, float(at % 7)) for at in range(30)]
RAMAN = [("Raman Shift / cm-1", "INT"), *ROWS]


def without(monkeypatch, name):
    """Make a package look as if it were not installed."""
    for loaded in list(sys.modules):
        if loaded == name or loaded.startswith(name + "."):
            monkeypatch.delitem(sys.modules, loaded)
    real = builtins.__import__

    def refuse(wanted, *args, **kwargs):
        if wanted.split(".")[0] == name:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(wanted, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    found = importlib.import_module

    def import_module(wanted, package=None):
        return refuse(wanted) if wanted.split(".")[0] == name else found(wanted, package)

    monkeypatch.setattr(importlib, "import_module", import_module)


@pytest.mark.parametrize(
    ("name", "data", "module", "package", "line"),
    [
        ("run.raw", THERMO, "opentfraw", "opentfraw", "'fol-lims[thermo]'"),
        ("run.qgd", an_ole2(["GCMS Raw Data"]), "openszraw", "openszraw", "'fol-lims[shimadzu]'"),
        (
            "a.xlsx",
            a_workbook({"One": RAMAN}),
            "python_calamine",
            "python-calamine",
            "'fol-lims[excel]'",
        ),
        ("a.xls", an_ole2(["Workbook"]), "python_calamine", "python-calamine", "'fol-lims[excel]'"),
        ("DAD1A.ch", a_delta_trace([1, 2]), "rainbow", "rainbow-api", "rainbow-api"),
    ],
)
def test_missing_package_is_named_with_its_install_line(
    monkeypatch, name, data, module, package, line
):
    without(monkeypatch, module)
    with pytest.raises(RefusedFormatError, match=f"{package}, which is not installed") as caught:
        read_bytes(data, name)
    assert f"pip install {line}." in caught.value.hint
    assert "mzML" in caught.value.hint or "CSV" in caught.value.hint


def test_missing_package_leaves_the_rest_of_a_folder_readable(monkeypatch, tmp_path):
    (tmp_path / "a.D" / "AcqData").mkdir(parents=True)
    for name, data in a_masshunter([(0.1, [50.0], [1.0])]).items():
        (tmp_path / "a.D" / "AcqData" / name).write_bytes(data)
    without(monkeypatch, "rainbow")
    with pytest.raises(RefusedFormatError, match="rainbow-api"):
        read(tmp_path / "a.D")


@pytest.mark.parametrize("name", ["run.raw", "run.qgd"])
def test_what_a_package_cannot_read_is_our_error(name):
    pytest.importorskip("opentfraw" if name == "run.raw" else "openszraw")
    data = THERMO if name == "run.raw" else an_ole2(["GCMS Raw Data"])
    with pytest.raises(CorruptFileError) as caught:
        read_bytes(data, name)
    assert caught.value.hint


class FakeSpectrum:
    def __init__(self, at):
        self.retention_time_sec = float(at)
        self.mz = [50.0, 51.0 + at]
        self.intensity = [1.0, 2.0]


class FakeReader:
    scan_count = 3

    def __init__(self, path):
        with open(path, "rb") as stream:  # noqa: PTH123 - as a foreign package does
            assert stream.read(4) == b"\xd0\xcf\x11\xe0"

    def read_spectrum(self, at):
        return FakeSpectrum(at)


def test_shimadzu_run_always_carries_the_fault_that_it_is_unverified(monkeypatch):
    openszraw = pytest.importorskip("openszraw")
    monkeypatch.setattr(openszraw, "RawReader", FakeReader)
    (run,) = read_bytes(an_ole2(["GCMS Raw Data"]), "run.qgd").spectra
    assert run.scan_time_s.tolist() == [0.0, 1.0, 2.0]
    assert run.mz.tolist() == [50.0, 51.0, 50.0, 52.0, 50.0, 53.0]
    assert any("not tested here" in fault for fault in run.faults)


def test_shimadzu_package_still_has_what_is_called():
    reader = pytest.importorskip("openszraw").RawReader
    assert {"scan_count", "read_spectrum"} <= set(dir(reader))


def test_workbook_columns_are_chosen_by_their_names():
    pytest.importorskip("python_calamine")
    rows = [("sample", "x"), ("Pixel", "Raman Shift", "Dark", "Processed")]
    rows += [(at, 300.0 + at, 5.0, at * 2.0) for at in range(20)]
    (spectrum,) = read_bytes(a_workbook({"S": rows}), "a.xlsx").spectra
    assert spectrum.x_kind is XKind.RAMAN_SHIFT
    assert spectrum.x.tolist() == [300.0 + at for at in range(20)]
    assert spectrum.y.tolist() == [at * 2.0 for at in range(20)]


def test_sheets_are_read_in_order_under_their_names():
    pytest.importorskip("python_calamine")
    sheets = {"First": RAMAN, "Report": [("Quality", "good")], "Second": RAMAN}
    export = read_bytes(a_workbook(sheets), "a.xlsx")
    assert [spectrum.title for spectrum in export.spectra] == ["First", "Second"]
    assert any("sheet Report was left out" in warning for warning in export.warnings)
    assert export.technique is Technique.RAMAN
    assert export.format == "excel"


def test_numbers_of_a_workbook_are_exact():
    pytest.importorskip("python_calamine")
    values = [0.1 + 0.2, 1e-300, 123456789.123456789, -2.5e-7, *np.linspace(1, 2, 10).tolist()]
    rows = [("Raman Shift", "INT"), *((300.0 + at, value) for at, value in enumerate(values))]
    (spectrum,) = read_bytes(a_workbook({"S": rows}), "a.xlsx").spectra
    assert spectrum.y.tolist() == values


def test_workbook_without_a_table_is_refused():
    pytest.importorskip("python_calamine")
    with pytest.raises(FormatError) as caught:
        read_bytes(a_workbook({"A": [("only", "words")], "B": [("more",)]}), "a.xlsx")
    assert caught.value.hint


def test_two_cells_far_apart_do_not_ask_for_all_between():
    pytest.importorskip("python_calamine")
    sheet = a_sheet([("a",)]).replace(
        "</sheetData>", '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    )
    with pytest.raises(RefusedFormatError, match="1048576 x 16384 cells"):
        read_bytes(a_workbook({"S": sheet}), "a.xlsx")


def test_workbook_bomb_is_refused_before_it_is_unpacked():
    pytest.importorskip("python_calamine")
    with pytest.raises(RefusedFormatError, match="unpack to"):
        read_bytes(a_workbook({"S": a_sheet([("a",)]) + " " * 60_000_000}), "a.xlsx")


@pytest.mark.parametrize("seed", range(40))
def test_damaged_workbook_is_spectra_or_our_error(seed):
    pytest.importorskip("python_calamine")
    rng = np.random.default_rng(seed)
    data = bytearray(a_workbook({"S": RAMAN}))
    if seed % 2:
        del data[int(rng.integers(4, len(data))) :]
    for _ in range(4):
        data[int(rng.integers(4, len(data)))] = int(rng.integers(256))
    try:
        export = read_bytes(bytes(data), "a.xlsx")
    except FormatError:
        return
    assert export.spectra


def test_spe_with_a_calibration_and_no_laser_is_never_compared():
    data = an_spe([[1, 2, 3, 4]], coefficients=(500.0, 0.5, 0.01))
    export = read_bytes(data, "a.spe")
    (spectrum,) = export.spectra
    np.testing.assert_allclose(spectrum.x, [500.51, 501.04, 501.59, 502.16])
    assert (spectrum.x_kind, spectrum.x_unit) == (XKind.WAVELENGTH, "nm")
    assert spectrum.y.tolist() == [1, 2, 3, 4]
    with pytest.raises(NotComparableError):
        to_absorbance(spectrum)


@pytest.mark.parametrize("kind", [0, 1, 2, 3])
def test_spe_frames_of_every_type_are_kept_in_order(kind):
    spectra = read_bytes(an_spe([[1, 2, 3], [4, 5, 6]], kind=kind), "a.spe").spectra
    assert [spectrum.y.tolist() for spectrum in spectra] == [[1, 2, 3], [4, 5, 6]]
    assert spectra[0].x_kind is XKind.PIXEL
    with pytest.raises(NotComparableError):
        to_absorbance(spectra[0])


def test_spe_of_a_camera_is_refused():
    with pytest.raises(RefusedFormatError, match="camera images"):
        read_bytes(an_spe([[1, 2], [3, 4]], height=2), "a.spe")


SPE_3 = """<SpeFormat version="3.0" xmlns="http://www.princetoninstruments.com/spe/2009">
<DataFormat><DataBlock type="Frame" count="{frames}" pixelFormat="MonochromeUnsigned16"
 size="6" stride="{stride}"><DataBlock type="Region" count="1" width="{width}" height="1" size="6"
 stride="6"/></DataBlock></DataFormat><Calibrations><WavelengthMapping id="1"{laser}>
<Wavelength>{axis}</Wavelength></WavelengthMapping></Calibrations></SpeFormat>"""


def an_spe_3(**changes):
    facts = {"frames": 1, "stride": 6, "width": 3, "laser": "", "axis": "600.5,601.5,602.5"}
    data = bytearray(an_spe([[7, 8, 9]], version=3.0))
    struct.pack_into("<Q", data, 678, len(data))
    return bytes(data) + SPE_3.format(**facts | changes).encode()


def test_spe_3_takes_its_axis_from_the_footer():
    (spectrum,) = read_bytes(an_spe_3(), "a.spe").spectra
    assert spectrum.x.tolist() == [600.5, 601.5, 602.5]
    assert spectrum.y.tolist() == [7, 8, 9]
    with pytest.raises(NotComparableError):
        to_absorbance(spectrum)


@pytest.mark.parametrize(
    "changes",
    [
        {"frames": 2},
        {"frames": 10**11},
        {"stride": 1},
        {"stride": 10**11},
        {"width": 4},
        {"width": "-1"},
        {"axis": "1,2"},
        {"axis": "1,two,3"},
    ],
)
def test_spe_3_that_contradicts_itself_is_damage(changes):
    with pytest.raises(CorruptFileError):
        read_bytes(an_spe_3(**changes), "a.spe")


LABSPEC = """<?xml version="1.0" encoding="UTF-8"?>
<LSX_Data><LSX_Tree Format="9"><LSX Format="8" ID="0x6C7469D9">a title</LSX>
<LSX Format="9" ID="0x7B697861" Size="2">
<LSX Format="9" ID="0x0"><LSX Format="7" ID="0x7C696E75">Cnt</LSX></LSX>
<LSX Format="9" ID="0x1"><LSX Format="6" ID="0x7D6CD4DB" Size="{size}">{x}</LSX>
<LSX Format="7" ID="0x7C696E75">{unit}</LSX></LSX></LSX></LSX_Tree>
<LSX_Matrix>{rows}</LSX_Matrix></LSX_Data>"""


def a_labspec(rows=("1 2 3",), x="300 200 100", size=3, unit="1/cm"):
    listed = "".join(f'<LSX_Row Format="6" Size="3">{row}</LSX_Row>' for row in rows)
    return LABSPEC.format(rows=listed, x=x, size=size, unit=unit).encode()


def test_labspec_xml_series_in_file_order():
    spectra = read_bytes(a_labspec(("1 2 3", "4 5 6")), "a.xml").spectra
    assert [spectrum.y.tolist() for spectrum in spectra] == [[1, 2, 3], [4, 5, 6]]
    assert spectra[0].x.tolist() == [300, 200, 100]
    assert [spectrum.title for spectrum in spectra] == ["a title [1]", "a title [2]"]
    assert spectra[0].x_kind is XKind.RAMAN_SHIFT


@pytest.mark.parametrize(
    ("unit", "kind"),
    [("abs. cm-1", XKind.WAVENUMBER), ("nm", XKind.WAVELENGTH), ("", XKind.UNKNOWN)],
)
def test_labspec_axis_is_called_what_the_file_calls_it(unit, kind):
    assert read_bytes(a_labspec(unit=unit), "a.xml").spectra[0].x_kind is kind


@pytest.mark.parametrize(
    "changes",
    [{"rows": ()}, {"size": 4}, {"x": "a b c"}, {"rows": ("1 2",)}, {"x": "1 2", "size": 2}],
)
def test_labspec_xml_that_contradicts_itself_is_damage(changes):
    with pytest.raises(CorruptFileError):
        read_bytes(a_labspec(**changes), "a.xml")


@pytest.mark.parametrize(
    "head", ['<!DOCTYPE a SYSTEM "file:///etc/passwd">', '<!DOCTYPE a [<!ENTITY b "c">]>']
)
def test_labspec_xml_with_entities_is_refused(head):
    data = a_labspec().replace(b"<LSX_Data>", head.encode() + b"<LSX_Data>")
    with pytest.raises(RefusedFormatError):
        read_bytes(data, "a.xml")


def test_zip_with_a_workbook_inside_is_no_workbook():
    with pytest.raises(RefusedFormatError, match="zip archive"):
        read_bytes(a_zip({"a.xlsx": a_workbook({"S": RAMAN})}), "a.xlsx")
