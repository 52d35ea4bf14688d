"""Formats that are recognised and refused, each with the export to choose instead.

"Not supported" helps nobody at a bench: the message names what the file is and what to do.
"""

from __future__ import annotations

import re
from pathlib import Path

from instruments.errors import CorruptFileError, RefusedFormatError

_TO_TEXT = "Export it from the instrument's software as JCAMP-DX, SPC or two-column text."
_TO_RUN = "Export the run as ANDI/netCDF (.cdf) or convert it to mzML (ProteoWizard msconvert)."

# Magic bytes, offset, what it is, what to do.
_MAGIC: tuple[tuple[bytes, int, str, str], ...] = (
    (
        b"version https://git-lfs.github.com",
        0,
        "a Git LFS pointer, not the file itself",
        "The data were never downloaded: run 'git lfs pull' or ask for the file itself.",
    ),
    (b"Spectral Exte File", 0, "a Thermo OMNIC series (SRS)", "Export single spectra as SPA."),
    (b"LabSpec6", 0, "a Horiba LabSpec 6 file (.l6s)", "Save it as .txt or .spc in LabSpec."),
    (b"#WXD", 0, "an old Renishaw WiRE file (.wxd)", "Save it as .wdf or .txt in WiRE."),
    (b"\x01\xa1F\x00i\x00n\x00n\x00i\x00g\x00a\x00n\x00", 0, "a Thermo .raw run", _TO_RUN),
    (b"\x01\xa1", 0, "a Thermo .raw run", _TO_RUN),
    (b"SATURNWS", 8, "a Varian Saturn run (.sms)", _TO_RUN),
    (b"\x89HDF", 0, "an HDF5 or netCDF-4 file", "Export netCDF-3 (ANDI), mzML or JCAMP-DX."),
    (b"%PDF", 0, "a PDF report", "A report holds no data: " + _TO_TEXT[0].lower() + _TO_TEXT[1:]),
    (b"\x89PNG", 0, "a picture", "A picture holds no data. " + _TO_TEXT),
    (b"\xff\xd8\xff", 0, "a picture", "A picture holds no data. " + _TO_TEXT),
    (b"Rar!", 0, "a RAR archive", "Unpack it and read the files inside, or send a zip."),
    (b"7z\xbc\xaf", 0, "a 7-Zip archive", "Unpack it and read the files inside, or send a zip."),
)

_WATERS = re.compile(r"_(?:FUNC|CHRO)\w+\.\w{3}|_(?:HEADER|INLET|FUNCTNS)\.\w{3}", re.IGNORECASE)

_OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# Names of streams inside the container, as UTF-16; they tell whose file it is.
_OLE2_STREAMS: tuple[tuple[str, str, str], ...] = (
    ("GCD Raw Data", "a Shimadzu GC run (.gcd)", "Export ASCII or ANDI (.cdf) from LabSolutions."),
    ("GCMS Raw Data", "a Shimadzu GC-MS run (.qgd)", _TO_RUN),
    ("LSS Raw Data", "a Shimadzu run", "Export ANDI (.cdf) or mzML from LabSolutions."),
    ("Workbook", "an Excel 97 workbook (.xls)", "Save the sheet as CSV and read that."),
    ("DataStorage", "a Shimadzu spectrum", _TO_TEXT),
    ("DataSet", "a Shimadzu spectrum", _TO_TEXT),
)
_ZIPPED_SHEET = b"[Content_Types].xml"
_SUFFIX_ADVICE: dict[str, tuple[str, str]] = {
    ".dbu": ("a NIST user library", "Convert it to MSP with LIB2NIST."),
    ".l": ("an Agilent library", "Convert it to MSP with LIB2NIST."),
    ".wip": ("a WITec project (.wip)", "Export the spectrum as ASCII from WITec Project."),
    ".ngc": ("a Horiba LabSpec 5 file (.ngc)", "Save it as .txt or .spc in LabSpec."),
    ".spe": ("a Princeton Instruments file (.spe)", "Export it as CSV with its calibrated axis."),
    ".a2r": ("an Agilent handheld result (.a2r)", _TO_TEXT),
    ".dmt": ("an Agilent image tile", "Image data are not read; export a point spectrum."),
    ".seq": ("an Agilent image tile set", "Image data are not read; export a point spectrum."),
    ".bsp": ("an Agilent image tile set", "Image data are not read; export a point spectrum."),
    ".hdr": ("the header of an image", "Image data are not read; export a point spectrum."),
    ".cal": ("an AMDIS calibration", "It holds no spectra: read the .msl or .elu beside it."),
    ".ch": ("an unknown kind of Agilent trace", _TO_RUN),
    ".ini": ("an instrument's settings", "It holds no measurement: give the run's folder."),
    ".log": ("an instrument's log", "It holds no measurement: give the run's folder."),
    ".xsd": ("a schema beside a run", "It holds no measurement: give the run's folder."),
    ".idx": ("an index of a Waters run", _TO_RUN),
    ".inf": ("a part of a Waters run", _TO_RUN),
}


def first_bytes(head: bytes) -> str:
    """Return the first eight bytes as hex, for a message."""
    return head[:8].hex(" ") or "none"


def refuse_known(data: bytes, name: str) -> None:
    """Raise for bytes that are a known format which is not read here.

    Raises
    ------
    CorruptFileError
        The file is empty.
    RefusedFormatError
        Names the format; the hint says what to export.
    """
    if not data:
        raise CorruptFileError(
            "the file is empty (0 bytes)",
            hint="The export did not finish, or the copy failed: export it again.",
        )
    for magic, offset, what, hint in _MAGIC:
        if data.startswith(magic, offset):
            raise RefusedFormatError(f"this is {what}", hint=hint)
    if data.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<") and b"<LSX_Data" in data[:4096]:
        raise RefusedFormatError(
            "this is a Horiba LabSpec XML file", hint="Save it as .txt or .spc in LabSpec."
        )
    if data.startswith(_OLE2):
        _refuse_ole2(data, name)
    if data.startswith(b"PK\x03\x04"):
        _refuse_zip(data)


def refuse_by_suffix(name: str) -> None:
    """Raise where only the name tells what unreadable bytes are; call after sniffing failed."""
    if _WATERS.fullmatch(Path(name).name):
        raise RefusedFormatError("this is a part of a Waters .raw run", hint=_TO_RUN)
    known = _SUFFIX_ADVICE.get(Path(name).suffix.lower())
    if known:
        raise RefusedFormatError(f"this seems to be {known[0]}", hint=known[1])


def _refuse_ole2(data: bytes, name: str) -> None:
    names = data[:4_000_000]
    for stream, what, hint in _OLE2_STREAMS:
        if stream.encode("utf-16-le") in names:
            raise RefusedFormatError(f"this is {what}", hint=hint)
    refuse_by_suffix(name)
    raise RefusedFormatError("this is an OLE2 container of unknown origin", hint=_TO_TEXT)


def _refuse_zip(data: bytes) -> None:
    if _ZIPPED_SHEET in data[:4096]:
        raise RefusedFormatError(
            "this is an Excel workbook (.xlsx)", hint="Save the sheet as CSV and read that."
        )
    raise RefusedFormatError(
        "this is a zip archive, whatever its extension says",
        hint="Read it as a collection (a folder of files), or unpack it first.",
    )
