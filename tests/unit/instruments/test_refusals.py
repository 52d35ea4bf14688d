"""Every format that is recognised and refused: what the message calls it, what the hint offers."""

import numpy as np
import pytest

from instruments import ole2, read_bytes, refusals
from instruments.errors import CorruptFileError, FormatError, RefusedFormatError
from tests.unit.instruments.vendor_files import a_workbook, a_zip, an_ole2

BINARY = bytes(range(256)) * 8
NMR = (
    b"##TITLE=x\n##JCAMP-DX=5.00\n##DATA TYPE=NMR SPECTRUM\n##.OBSERVE FREQUENCY=400\n"
    b"##XUNITS=HZ\n##YUNITS=ARBITRARY UNITS\n##FIRSTX=1\n##LASTX=3\n##NPOINTS=3\n"
    b"##XFACTOR=1\n##YFACTOR=1\n##XYDATA=(X++(Y..Y))\n1 5 6 7\n##END=\n"
)
BITMAP = b"BM" + (58).to_bytes(4, "little") + bytes(52)

CASES = [
    (b"version https://git-lfs.github.com/spec/v1\noid x", "a.jdx", "Git LFS pointer", "lfs pull"),
    (b"Spectral Exte File" + BINARY, "a.srs", "OMNIC series", "SPA"),
    (b"LabSpec6" + BINARY, "a.l6s", "LabSpec 6", ".txt or .spc"),
    (b"#WXD000" + BINARY, "a.wxd", "WiRE", ".wdf or .txt"),
    (b"WIT_PR06" + BINARY, "a.wip", "WITec project", "ASCII"),
    (b"\x1c\x00\x09\x03\x00\x00(\x00SATURNWS" + BINARY, "a.sms", "Varian", "mzML"),
    (b"\x1c\x00\x09\x03\x00\x00(\x00SATURNWS" + BINARY, "a.xms", "Varian", "netCDF"),
    (b"\x89HDF\r\n\x1a\n" + BINARY, "a.cdf", "netCDF-4", "netCDF-3"),
    (b"%PDF-1.7" + BINARY, "a.pdf", "PDF", "JCAMP-DX"),
    (b"\x89PNG" + BINARY, "a.png", "picture", "JCAMP-DX"),
    (b"\xff\xd8\xff" + BINARY, "a.jpg", "picture", "JCAMP-DX"),
    (b"GIF89a" + BINARY, "a.gif", "picture", "JCAMP-DX"),
    (b"II*\x00" + BINARY, "a.tif", "picture", "JCAMP-DX"),
    (BITMAP, "a.bmp", "picture", "JCAMP-DX"),
    (b"{\\rtf1 x}", "a.rtf", "RTF", "JCAMP-DX"),
    (b"<!DOCTYPE html><html>", "a.txt", "web page", "JCAMP-DX"),
    (b"SQLite format 3\x00" + BINARY, "a.db", "database", "single spectra"),
    (b"Rar!" + BINARY, "a.rar", "RAR", "zip"),
    (b"7z\xbc\xaf" + BINARY, "a.7z", "7-Zip", "zip"),
    (b"\x7fELF" + BINARY, "a.spc", "program", "Do not run"),
    (b"MZ" + bytes(98) + b"PE\x00\x00" + BINARY, "a.exe", "program", "Do not run"),
    (b"ENVI\ndescription = {", "a.hdr", "image", "point spectrum"),
    (b"#COLUMN_NAME=DEFAULT\n", "a.cal", "AMDIS", ".msl or .elu"),
    (NMR, "a.jdx", "NMR", "infrared|Raman|IR"),
    (an_ole2(["ShimadzuGC.1", "LSS Raw Data"]), "a.gcd", "Shimadzu GC run", "netCDF|ANDI"),
    (an_ole2(["LSS Raw Data"]), "a.lcd", "Shimadzu LC run", "mzML"),
    (an_ole2(["DataStorage1", "DataSet", "Version"]), "a.spc", "Shimadzu spectrum", "JCAMP-DX"),
    (an_ole2(["ViewLimits", "Spectra"]), "a.bsp", "image tile", "point spectrum"),
    (an_ole2(["WordDocument"]), "a.doc", "Word", "JCAMP-DX"),
    (an_ole2(["PowerPoint Document"]), "a.ppt", "PowerPoint", "JCAMP-DX"),
    (an_ole2(["__properties_version1.0"]), "a.msg", "e-mail", "JCAMP-DX"),
    (an_ole2(["Something"]), "a.xyz", "OLE2 container of unknown", "JCAMP-DX"),
    (a_zip({"[Content_Types].xml": "", "word/document.xml": ""}), "a.docx", "Word", "JCAMP-DX"),
    (a_zip({"[Content_Types].xml": "", "ppt/slides.xml": ""}), "a.pptx", "PowerPoint", "JCAMP"),
    (a_zip({"[Content_Types].xml": "", "xl/workbook.bin": ""}), "a.xlsb", "xlsb", "xlsx"),
    (a_zip({"mimetype": "", "META-INF/manifest.xml": ""}), "a.ods", "OpenDocument", "CSV"),
    (a_zip({"injection.acmd": "", "x.CH": ""}), "a.dx", "OpenLab", "mzML"),
    (a_zip({"a.jdx": "x"}), "a.cdf", "zip archive", "collection"),
    (BINARY, "USER.DBU", "NIST user library", "LIB2NIST"),
    (BINARY, "drugs.L", "Agilent library", "LIB2NIST"),
    (BINARY, "a.a2r", "Agilent handheld", "JCAMP-DX"),
    (BINARY, "a.dat", "image tile", "point spectrum"),
    (BINARY, "a.dmt", "image tile", "point spectrum"),
    (BINARY, "a.seq", "image tile", "point spectrum"),
    (BINARY, "a.bsp", "image tile", "point spectrum"),
    (BINARY, "a.ngc", "LabSpec 5", ".txt or .spc"),
    (BINARY, "a.wip", "WITec", "ASCII"),
    (BINARY, "a.fin", "AMDIS", "MSP"),
    (BINARY, "a.cal", "AMDIS", ".elu"),
    (BINARY, "a.spe", "spe", "CSV"),
    (BINARY, "a.ch", "Agilent trace", "mzML"),
    (BINARY, "a.raw", "unknown maker", "mzML"),
    (BINARY, "a.wiff", "SCIEX", "mzML"),
    (BINARY, "_FUNC001.DAT", "Waters", ".raw folder"),
    (BINARY, "MSPeak.bin", "MassHunter", ".D folder"),
]


@pytest.mark.parametrize(
    ("data", "name", "words", "hint"), CASES, ids=[f"{c[1]}-{c[2]}" for c in CASES]
)
def test_known_format_is_refused_by_name_with_what_to_export(data, name, words, hint):
    with pytest.raises(RefusedFormatError, match=words) as caught:
        read_bytes(data, name)
    assert any(part in caught.value.hint for part in hint.split("|"))
    assert caught.value.hint
    assert caught.value.message.startswith(name)


def test_every_refusal_of_the_tables_is_in_the_cases():
    tables = [r for *_, r in refusals.MAGIC] + [r for _, r in refusals.OLE2]
    tables += [r for _, r in refusals.ZIPPED] + list(refusals.BY_SUFFIX.values())
    spoken = []
    for data, name, *_ in CASES:
        with pytest.raises(RefusedFormatError) as caught:
            read_bytes(data, name)
        spoken.append(caught.value.message)
    trivial = ("settings", "log", "schema", "index of", "part of", "search result")
    others = ("damaged Shimadzu", "diode-array", "header of an image", "Varian MS run")
    missing = [
        each.what
        for each in tables
        if not any(each.what in message for message in spoken)
        and not any(word in each.what for word in trivial + others)
        and each.what not in ("a Varian Saturn run (.sms)",)
    ]
    assert not missing


def test_content_outranks_the_name():
    with pytest.raises(RefusedFormatError, match="PDF"):
        read_bytes(b"%PDF-1.4" + BINARY, "scan.jdx")


def test_bytes_that_only_begin_like_a_bitmap_are_not_called_a_picture():
    with pytest.raises(FormatError) as caught:
        read_bytes(b"BM" + BINARY, "a.bin")
    assert "picture" not in caught.value.message


@pytest.mark.parametrize("where", [48, 76])
@pytest.mark.parametrize("sector", [0, 1, 5, 2**31, 0xFFFFFFF0])
def test_ole2_directory_that_leads_nowhere_is_an_answer(where, sector):
    data = bytearray(an_ole2(["Workbook", "a", "b", "c", "d", "e"]))
    data[where : where + 4] = sector.to_bytes(4, "little")
    try:
        found = ole2.names(bytes(data))
    except CorruptFileError:
        return
    assert len(found) <= 8


def test_ole2_directory_that_runs_in_a_circle_ends():
    data = bytearray(an_ole2([f"stream {at}" for at in range(20)]))
    data[512 + 4 * 3 : 512 + 4 * 4] = (1).to_bytes(4, "little")
    with pytest.raises(CorruptFileError, match="circle"):
        ole2.names(bytes(data))


def test_ole2_directory_far_into_a_large_file_is_followed():
    """Past 7 MB the table of sectors no longer fits the header: it goes on in a chain."""
    small = an_ole2(["a", "b", "c", "ViewLimits"])
    first, per_table = 109 * 128, 128
    data = bytearray((first + per_table + 4) * 512)
    data[:512] = small[:512]
    directory, more_tables, table = first + 1, first, first + 3
    data[48:52] = directory.to_bytes(4, "little")
    data[68:72] = more_tables.to_bytes(4, "little")
    data[76 : 76 + 436] = (0).to_bytes(4, "little") * 109
    chain = [table] + [0xFFFFFFFF] * 126 + [0xFFFFFFFE]
    for at, value in enumerate(chain):
        place = (more_tables + 1) * 512 + 4 * at
        data[place : place + 4] = value.to_bytes(4, "little")
    for sector, following in ((directory, directory + 1), (directory + 1, 0xFFFFFFFE)):
        place = (table + 1) * 512 + 4 * (sector - first)
        data[place : place + 4] = following.to_bytes(4, "little")
    data[(directory + 1) * 512 : (directory + 3) * 512] = small[1024 : 1024 + 1024]
    assert ole2.names(bytes(data))[-1] == "ViewLimits"


def test_ole2_names_are_all_found_across_sectors():
    wanted = [f"stream {at}" for at in range(30)]
    assert ole2.names(an_ole2(wanted))[1:] == tuple(wanted)


@pytest.mark.parametrize("seed", range(80))
def test_damaged_container_is_our_error(seed):
    rng = np.random.default_rng(seed)
    made = [an_ole2(["ViewLimits"]), a_zip({"word/document.xml": "x"}), a_workbook({"S": []})]
    data = bytearray(made[seed % 3])
    if seed % 2:
        del data[int(rng.integers(9, len(data))) :]
    for _ in range(6):
        data[int(rng.integers(8, len(data)))] = int(rng.integers(256))
    with pytest.raises(FormatError) as caught:
        read_bytes(bytes(data), "a.xyz")
    assert caught.value.hint
