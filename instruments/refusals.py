"""Formats that are recognised and refused, each with the export to choose instead.

"Not supported" helps nobody at a bench: the message names what the file is and what to do. The
content decides; a name decides only where bytes that nothing recognises have no sign of their own.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from pathlib import Path

from instruments import folders, ole2, zipped_runs
from instruments.errors import CorruptFileError, FormatError, RefusedFormatError

_TO_TEXT = "Export it from the instrument's software as JCAMP-DX, SPC or two-column text."
_TO_RUN = "Export the run as ANDI/netCDF (.cdf) or convert it to mzML (ProteoWizard msconvert)."
_TO_MSP = "Convert the library to MSP with LIB2NIST and import that."
_NOT_IMAGE = "Image data are not read: export a point spectrum as JCAMP-DX, SPC or text."
_WHOLE_RUN = "It holds no measurement: give the run's folder."
_UNPACK = "Unpack it and read the files inside, or send a zip."
_NO_DATA = "It holds no data points. " + _TO_TEXT


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One format that is not read: what to call it, and what to export instead."""

    what: str
    hint: str


_LFS = Refusal(
    what="a Git LFS pointer, not the file itself",
    hint="The data were never downloaded: run 'git lfs pull' or ask for the file itself.",
)
_PICTURE = Refusal(what="a picture", hint=_NO_DATA)
_WEB_PAGE = Refusal(what="a web page", hint=_NO_DATA)
_WATERS_PART = Refusal(what="a part of a Waters .raw run", hint="Give the .raw folder it is from.")
_MASSHUNTER_PART = Refusal(what="a part of a MassHunter run", hint="Give the .D folder it is from.")
_PROGRAM = Refusal(what="a program", hint="Do not run it. Ask the sender for the measurement.")

# Magic bytes and their offset.
MAGIC: tuple[tuple[bytes, int, Refusal], ...] = (
    (b"version https://git-lfs.github.com", 0, _LFS),
    (
        b"Spectral Exte File",
        0,
        Refusal(what="a Thermo OMNIC series (.srs)", hint="Export single spectra as SPA in OMNIC."),
    ),
    (
        b"LabSpec6",
        0,
        Refusal(what="a Horiba LabSpec 6 file (.l6s)", hint="Save it as .txt or .spc in LabSpec."),
    ),
    (
        b"#WXD",
        0,
        Refusal(what="an old Renishaw WiRE file (.wxd)", hint="Save it as .wdf or .txt in WiRE."),
    ),
    (
        b"WIT_PR",
        0,
        Refusal(
            what="a WITec project (.wip)", hint="Export the spectrum as ASCII from WITec Project."
        ),
    ),
    (b"SATURNWS", 8, Refusal(what="a Varian Saturn run (.sms, .xms)", hint=_TO_RUN)),
    (
        b"\x89HDF\r\n\x1a\n",
        0,
        Refusal(what="an HDF5 or netCDF-4 file", hint="Export netCDF-3 (ANDI), mzML or JCAMP-DX."),
    ),
    (b"%PDF", 0, Refusal(what="a PDF report", hint=_NO_DATA)),
    (b"\x89PNG", 0, _PICTURE),
    (b"\xff\xd8\xff", 0, _PICTURE),
    (b"GIF87a", 0, _PICTURE),
    (b"GIF89a", 0, _PICTURE),
    (b"II*\x00", 0, _PICTURE),
    (b"MM\x00*", 0, _PICTURE),
    (b"{\\rtf", 0, Refusal(what="a text document (RTF)", hint=_NO_DATA)),
    (
        b"SQLite format 3\x00",
        0,
        Refusal(
            what="a database (SQLite)", hint="Export single spectra from the program it is of."
        ),
    ),
    (b"Rar!", 0, Refusal(what="a RAR archive", hint=_UNPACK)),
    (b"7z\xbc\xaf", 0, Refusal(what="a 7-Zip archive", hint=_UNPACK)),
    (b"\x7fELF", 0, _PROGRAM),
    (b"ENVI\n", 0, Refusal(what="the header of an infrared image (.hdr)", hint=_NOT_IMAGE)),
    (b"ENVI\r\n", 0, Refusal(what="the header of an infrared image (.hdr)", hint=_NOT_IMAGE)),
    (
        b"#COLUMN_NAME=",
        0,
        Refusal(
            what="an AMDIS retention-index calibration (.cal)",
            hint="It holds no spectra: read the .msl or .elu beside it.",
        ),
    ),
)

_FIRST = tuple(magic for magic, offset, _ in MAGIC if not offset)
_FURTHER_IN = tuple((magic, offset) for magic, offset, _ in MAGIC if offset)

# Any one of these names of streams or storages tells whose OLE2 container it is, in this order.
OLE2: tuple[tuple[tuple[str, ...], Refusal], ...] = (
    (
        ("ShimadzuGC.1", "GCD Raw Data"),
        Refusal(
            what="a Shimadzu GC run (.gcd)", hint="Export ASCII or ANDI (.cdf) from LabSolutions."
        ),
    ),
    (
        ("LSS Raw Data", "TLM Raw Data", "QTFL RawData"),
        Refusal(
            what="a Shimadzu LC run (.lcd)", hint="Export ANDI (.cdf) or mzML from LabSolutions."
        ),
    ),
    (
        ("StingrayViewParms", "ViewLimits"),
        Refusal(what="an Agilent Resolutions image tile (.bsp)", hint=_NOT_IMAGE),
    ),
    (("DataStorage", "DataSet"), Refusal(what="a Shimadzu spectrum (OLE2 .spc)", hint=_TO_TEXT)),
    (("WordDocument",), Refusal(what="a Word document", hint=_NO_DATA)),
    (("PowerPoint Document",), Refusal(what="a PowerPoint document", hint=_NO_DATA)),
    (("__properties_version1.0",), Refusal(what="an e-mail message (.msg)", hint=_NO_DATA)),
)
_READ_OLE2 = {"GCMS Raw Data": "shimadzu-qgd", "Workbook": "excel", "Book": "excel"}

# A name inside a zip, or the beginning of one, and what the archive then is.
ZIPPED: tuple[tuple[str, Refusal], ...] = (
    ("word/", Refusal(what="a Word document", hint=_NO_DATA)),
    ("ppt/", Refusal(what="a PowerPoint document", hint=_NO_DATA)),
    ("xl/workbook.bin", Refusal(what="a binary workbook (.xlsb)", hint="Save it as .xlsx or CSV.")),
    (
        "META-INF/manifest.xml",
        Refusal(what="an OpenDocument file", hint="Save it as .xlsx or CSV."),
    ),
    ("injection.acmd", Refusal(what="an Agilent OpenLab run (.dx)", hint=_TO_RUN)),
)
_READ_ZIPPED = "xl/workbook.xml"

BY_SUFFIX: dict[str, Refusal] = {
    ".dbu": Refusal(what="a NIST user library", hint=_TO_MSP),
    ".l": Refusal(what="an Agilent library", hint=_TO_MSP),
    ".wip": Refusal(
        what="a WITec project (.wip)", hint="Export the spectrum as ASCII from WITec Project."
    ),
    ".ngc": Refusal(
        what="a Horiba LabSpec 5 file (.ngc)", hint="Save it as .txt or .spc in LabSpec."
    ),
    ".spe": Refusal(
        what="a damaged or foreign .spe file", hint="Export it as CSV with its calibrated axis."
    ),
    ".a2r": Refusal(what="an Agilent handheld result (.a2r)", hint=_TO_TEXT),
    ".dat": Refusal(what="binary data, as of an Agilent image tile (.dat)", hint=_NOT_IMAGE),
    ".dmt": Refusal(what="an Agilent image tile (.dmt)", hint=_NOT_IMAGE),
    ".seq": Refusal(what="an Agilent image tile set (.seq)", hint=_NOT_IMAGE),
    ".bsp": Refusal(what="an Agilent image tile (.bsp)", hint=_NOT_IMAGE),
    ".hdr": Refusal(what="the header of an image (.hdr)", hint=_NOT_IMAGE),
    ".fin": Refusal(
        what="an AMDIS result (.fin)", hint="Export the deconvoluted spectra as MSP or .elu."
    ),
    ".cal": Refusal(
        what="an AMDIS calibration (.cal)",
        hint="It holds no spectra: read the .msl or .elu beside it.",
    ),
    ".sms": Refusal(what="a Varian Saturn run (.sms)", hint=_TO_RUN),
    ".xms": Refusal(what="a Varian MS run (.xms)", hint=_TO_RUN),
    ".ch": Refusal(what="an unknown kind of Agilent trace", hint=_TO_RUN),
    ".uv": Refusal(what="an unknown kind of Agilent diode-array file", hint=_TO_RUN),
    ".wiff": Refusal(what="a SCIEX run (.wiff)", hint=_TO_RUN),
    ".qgd": Refusal(what="a damaged Shimadzu GC-MS run (.qgd)", hint=_TO_RUN),
    ".raw": Refusal(what="a .raw file of an unknown maker", hint=_TO_RUN),
    ".ini": Refusal(what="an instrument's settings", hint=_WHOLE_RUN),
    ".log": Refusal(what="an instrument's log", hint=_WHOLE_RUN),
    ".xsd": Refusal(what="a schema beside a run", hint=_WHOLE_RUN),
    ".idx": Refusal(what="an index of a Waters run", hint="Give the .raw folder it is from."),
    ".inf": Refusal(what="a part of a Waters run", hint="Give the .raw folder it is from."),
}
_WATERS = re.compile(r"_(?:FUNC|CHRO)\w+\.\w{3}|_(?:HEADER|INLET|FUNCTNS)\.\w{3}", re.IGNORECASE)
_ACQDATA = re.compile(r"MS(?:Scan|Peak|Profile|MassCal|PeriodicActuals)\.bin", re.IGNORECASE)
_HTML = re.compile(rb"\s*(?:<!doctype html|<html)", re.IGNORECASE)
FOLDERS: dict[str, Refusal] = {
    ".l": BY_SUFFIX[".l"],
    ".rslt": Refusal(
        what="an Agilent OpenLab result set",
        hint="Give the .D folders in it, or export the runs as ANDI/netCDF (.cdf).",
    ),
    ".sirslt": Refusal(
        what="an Agilent OpenLab result set",
        hint="Give the .D folders in it, or export the runs as ANDI/netCDF (.cdf).",
    ),
}


def every() -> tuple[Refusal, ...]:
    """Return every format that is refused by a table here, for the documents and their test."""
    found = [_PROGRAM, _WEB_PAGE, _WATERS_PART, _MASSHUNTER_PART]
    found.extend(refusal for _, _, refusal in MAGIC)
    found.extend(refusal for _, refusal in (*OLE2, *ZIPPED))
    found.extend((*BY_SUFFIX.values(), *FOLDERS.values()))
    return tuple(dict.fromkeys(found))


def first_bytes(head: bytes) -> str:
    """Return the first eight bytes as hex, for a message."""
    return head[:8].hex(" ") or "none"


def refuse_known(data: bytes, name: str) -> str:
    """Raise for bytes that are a known format which is not read here.

    Returns
    -------
    str
        Name of the reader for a container whose beginning is shared by many formats and whose
        inner names tell which it is; empty where sniffing decides.

    Raises
    ------
    CorruptFileError
        The file is empty, or a container whose directory is damaged.
    RefusedFormatError
        Names the format; the hint says what to export.
    """
    if not data:
        raise CorruptFileError(
            "the file is empty (0 bytes)",
            hint="The export did not finish, or the copy failed: export it again.",
        )
    if data.startswith(_FIRST) or any(data.startswith(magic, at) for magic, at in _FURTHER_IN):
        raise _refused(next(r for magic, at, r in MAGIC if data.startswith(magic, at)))
    if data.startswith(b"MZ") and data[60:62] != b"" and b"PE\x00\x00" in data[:1024]:
        raise _refused(_PROGRAM)
    if data.startswith(b"BM") and len(data) == int.from_bytes(data[2:6], "little"):
        raise _refused(_PICTURE)
    if _HTML.match(data[:200]):
        raise _refused(_WEB_PAGE)
    if data.startswith(ole2.MAGIC):
        return _ole2_reader(data, name)
    if data.startswith(b"PK\x03\x04") and not folders.is_packed(data):
        return _zip_reader(data)
    return ""


def refuse_by_suffix(name: str) -> None:
    """Raise where only the name tells what unreadable bytes are; call after sniffing failed."""
    base = Path(name).name
    if _WATERS.fullmatch(base):
        raise _refused(_WATERS_PART)
    if _ACQDATA.fullmatch(base):
        raise _refused(_MASSHUNTER_PART)
    known = BY_SUFFIX.get(Path(name).suffix.lower())
    if known:
        raise RefusedFormatError(f"this seems to be {known.what}", hint=known.hint)


def refuse_folder(folder: Path) -> None:
    """Raise for a folder whose name says that it is a known thing which is not read."""
    known = FOLDERS.get(folder.suffix.lower())
    if known:
        raise RefusedFormatError(f"{folder.name}: this is {known.what}", hint=known.hint)


def _refused(refusal: Refusal) -> FormatError:
    return RefusedFormatError(f"this is {refusal.what}", hint=refusal.hint)


def _ole2_reader(data: bytes, name: str) -> str:
    """Return the reader for a container by the names inside, or raise."""
    found = set(ole2.names(data))
    for stream, reader in _READ_OLE2.items():
        if stream in found:
            return reader
    for streams, refusal in OLE2:
        if not found.isdisjoint(streams):
            raise _refused(refusal)
    refuse_by_suffix(name)
    raise RefusedFormatError("this is an OLE2 container of unknown origin", hint=_TO_TEXT)


def _zip_reader(data: bytes) -> str:
    """Return the reader for an archive by the names inside, or raise."""
    import zipfile

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError) as error:
        raise CorruptFileError(
            f"this is a damaged zip archive or workbook ({error})",
            hint="The copy may be cut: copy or export it again.",
        ) from error
    if _READ_ZIPPED in names:
        return "excel"
    if zipped_runs.prefix(names) is not None:
        return "run-folder"
    for beginning, refusal in ZIPPED:
        if any(name.startswith(beginning) for name in names):
            raise _refused(refusal)
    raise RefusedFormatError(
        "this is a zip archive, whatever its extension says",
        hint="Read it as a collection (a folder of files), or unpack it first.",
    )
