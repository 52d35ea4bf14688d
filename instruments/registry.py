"""Which reader takes which bytes, and the one way in: ``read(path)``.

Content decides; the extension only breaks ties, because extensions lie (``.SPC`` may be GRAMS or an
OLE2 container, ``.CDF`` a zip, ``.txt`` JCAMP-DX). Readers are imported when a file is met.
"""

from __future__ import annotations

import hashlib
import importlib
import struct
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast, runtime_checkable

import numpy as np

from instruments import folders, refusals
from instruments.compressed import GZIP_MAGIC, gunzip
from instruments.errors import CorruptFileError, FormatError, UnknownFormatError
from instruments.export import Export, Reading
from instruments.limits import AGAIN, RUN_BYTES, require_file_size, require_plain_file
from spectra.errors import SpectrumError

if TYPE_CHECKING:
    from instruments.mapping import TextMapping

READER_VERSION = "1"
HEAD_BYTES = 4096
# From here on no other reader can recognise the same content better.
CERTAIN = 0.95
# How damaged bytes make a decoder fail. Not blind: anything else is our fault and shows as such.
_GIVES_UP = (ArithmeticError, LookupError, ValueError, EOFError, struct.error)


@runtime_checkable
class Reader(Protocol):
    """What reads one format.

    A reader is one class in one module, named in `READERS`. ``sniff`` looks at content only.
    """

    name: str
    suffixes: tuple[str, ...]
    size_limit: int

    def sniff(self, head: bytes, size: int) -> float:
        """Return the confidence, 0.0 to 1.0, that bytes beginning with ``head`` are this format."""
        ...

    def read(self, data: bytes, name: str) -> Reading:
        """Return what the bytes hold.

        Raises
        ------
        FormatError
            Nothing else: a damaged or hostile file is an answer, not a crash.
        """
        ...


# Dotted names, imported when the first file is read. A new reader is one line here.
READERS: tuple[str, ...] = (
    "instruments.formats.run_folder:RunFolderReader",
    "instruments.formats.jcamp:JcampReader",
    "instruments.formats.rruff:RruffReader",
    "instruments.formats.msp:MspReader",
    "instruments.formats.mgf:MgfReader",
    "instruments.formats.massbank:MassBankReader",
    "instruments.formats.json_spectra:JsonSpectraReader",
    "instruments.formats.wide_rows:WideRowsReader",
    "instruments.formats.andi:AndiReader",
    "instruments.formats.mzml:MzmlReader",
    "instruments.formats.mzxml:MzxmlReader",
    "instruments.formats.spc:SpcReader",
    "instruments.formats.spc_old:OldSpcReader",
    "instruments.formats.omnic:OmnicReader",
    "instruments.formats.perkin_elmer:PerkinElmerReader",
    "instruments.formats.agilent_asp:AgilentAspReader",
    "instruments.formats.rod:RodReader",
    "instruments.formats.wdf:WdfReader",
    "instruments.formats.opus:OpusReader",
    "instruments.formats.chemstation:ChemstationReader",
    "instruments.formats.labspec_xml:LabSpecXmlReader",
    "instruments.formats.princeton_spe:PrincetonSpeReader",
    "instruments.formats.thermo_raw:ThermoRawReader",
    "instruments.formats.shimadzu:ShimadzuReader",
    "instruments.formats.workbook:WorkbookReader",
    "instruments.formats.gc_report_agilent:AgilentReportReader",
    "instruments.formats.gc_report_chromeleon:ChromeleonReader",
    "instruments.formats.gc_report_shimadzu:ShimadzuAsciiReader",
    "instruments.formats.text:TextReader",
)


@cache
def readers() -> tuple[Reader, ...]:
    """Return every reader, in the order of `READERS`."""
    found: list[Reader] = []
    for dotted in READERS:
        module, _, name = dotted.partition(":")
        found.append(cast("Reader", getattr(importlib.import_module(module), name)()))
    return tuple(found)


def supported() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return (format name, usual suffixes) of everything that can be read."""
    return tuple((reader.name, reader.suffixes) for reader in readers())


def identify(data: bytes, name: str) -> Reader:
    """Return the reader for some bytes.

    Raises
    ------
    RefusedFormatError
        The bytes are a known format that is not read; the hint says what to export instead.
    UnknownFormatError
        Nothing recognises them.
    """
    head = data[:HEAD_BYTES]
    container = refusals.refuse_known(data, name)
    if container:
        return next(reader for reader in readers() if reader.name == container)
    suffix = Path(name).suffix.lower()
    best = _surely(head, len(data), suffix) or _likeliest(head, len(data), suffix)
    if best is None:
        refusals.refuse_by_suffix(name)
        raise UnknownFormatError(
            f"{Path(name).name}: not a known instrument format "
            f"(first bytes {refusals.first_bytes(head)})",
            hint="Export the measurement as JCAMP-DX, CSV, SPC, mzML or ANDI (.cdf) "
            "from the instrument's software.",
        )
    return best


def _surely(head: bytes, size: int, suffix: str) -> Reader | None:
    """Return the reader of this ending that recognises its content beyond doubt: most files."""
    return next((r for r in _of_ending(suffix) if r.sniff(head, size) >= CERTAIN), None)


@lru_cache(maxsize=256)
def _of_ending(suffix: str) -> tuple[Reader, ...]:
    return tuple(reader for reader in readers() if suffix in reader.suffixes)


def _likeliest(head: bytes, size: int, suffix: str) -> Reader | None:
    best: Reader | None = None
    best_score = (0.0, False)
    for reader in readers():
        score = (reader.sniff(head, size), suffix in reader.suffixes)
        if score[0] > 0.0 and score > best_score:
            best, best_score = reader, score
    return best


def read_bytes(data: bytes, name: str, *, mapping: TextMapping | None = None) -> Export:
    """Read an instrument file that is already in memory.

    Parameters
    ----------
    data : bytes
    name : str
        File name or path; its extension breaks ties and it stands in messages.
    mapping : TextMapping or None
        How the instrument's text is read; a format that states everything itself needs none.

    Returns
    -------
    Export

    Raises
    ------
    UnknownFormatError, RefusedFormatError, CorruptFileError
        Each with a hint that a person can act on.
    """
    return _read(data, name, Path(name), mapping)


def read(path: str | Path, *, mapping: TextMapping | None = None) -> Export:
    """Read one instrument file, or a folder that an instrument wrote as one run.

    Parameters
    ----------
    path : str or Path
        A file; a ``.D`` or Waters ``.raw`` folder; or a file inside such a folder that means
        nothing alone, which is taken as its folder.
    mapping : TextMapping or None
        As in `read_bytes`.

    Returns
    -------
    Export
        At least one measurement, in file order and the file's own units.

    Raises
    ------
    UnknownFormatError, RefusedFormatError, CorruptFileError
        Each with a hint that a person can act on.
    OSError
        The file cannot be opened; left as the system gives it.

    Examples
    --------
    >>> from instruments import read
    >>> export = read("sample.jdx")  # doctest: +SKIP
    >>> export.spectra[0].x_kind  # doctest: +SKIP
    <XKind.WAVENUMBER: 'wavenumber'>
    """
    asked = Path(path)
    name, data = source_bytes(asked)
    return _read(data, name, asked, mapping)


def source_bytes(path: Path) -> tuple[str, bytes]:
    """Return the name and the bytes that stand for a path: a file's own, or a packed folder's.

    These are what is hashed, kept as evidence and read; `read_bytes` takes them again.

    Raises
    ------
    UnknownFormatError, RefusedFormatError
        A folder that is no run, or is too large.
    OSError
    """
    folder = folders.run_of(path)
    if folder is None:
        size = require_plain_file(path)
        require_file_size(size, RUN_BYTES, "any instrument file")
        return path.name, _whole(path, size)
    name = folder.absolute().name
    refusals.refuse_folder(folder)
    try:
        return name, folders.pack(folder)
    except FormatError as error:
        raise _named(error, name) from error


def _whole(path: Path, size: int) -> bytes:
    """Return the bytes of a file in one call to the system, where it did not grow meanwhile."""
    with path.open("rb", buffering=0) as stream:
        data = stream.read(size + 1)
        return data if len(data) == size else data + stream.read()


def _read(data: bytes, name: str, path: Path, mapping: TextMapping | None) -> Export:
    sha256, size = hashlib.sha256(data).hexdigest(), len(data)
    try:
        if data.startswith(GZIP_MAGIC):
            data, name = gunzip(data), name.removesuffix(".gz")
        reader = identify(data, name)
        require_file_size(len(data), reader.size_limit, reader.name)
        reading = _reading(reader, data, name, mapping)
    except FormatError as error:
        raise _named(error, name) from error
    return Export(
        path=path,
        sha256=sha256,
        size=size,
        format=reading.format or reader.name,
        technique=reading.technique,
        metadata=reading.metadata,
        warnings=reading.warnings,
        spectra=reading.spectra,
        reader=reader.name,
        reader_version=READER_VERSION,
    )


def _reading(reader: Reader, data: bytes, name: str, mapping: TextMapping | None) -> Reading:
    """Read; where text turns out to hold no table, the name may still tell what it is."""
    try:
        # Signalling NaNs in damaged floats: the checks find them; numpy need not warn as well.
        with np.errstate(invalid="ignore", over="ignore"):
            return _read_by(reader, data, name, mapping)
    except UnknownFormatError:
        refusals.refuse_by_suffix(name)
        raise
    except SpectrumError as error:
        raise CorruptFileError(f"as {reader.name}: {error.message}", hint=AGAIN) from error
    except MemoryError as error:
        raise CorruptFileError(
            f"as {reader.name}: reading needs more memory than there is",
            hint="Export single spectra, or read it on a larger computer.",
        ) from error
    except _GIVES_UP as error:
        # What a reader did not check itself is still an answer about the file, with its cause.
        raise CorruptFileError(
            f"as {reader.name}: {type(error).__name__} while reading", hint=AGAIN
        ) from error


def _read_by(reader: Reader, data: bytes, name: str, mapping: TextMapping | None) -> Reading:
    """Read text by its mapping; what another reader recognised says itself what it is."""
    if mapping is not None and reader.name == "text":
        from instruments.formats.text import read_text

        return read_text(data, name, mapping)
    return reader.read(data, name)


def _named(error: FormatError, name: str) -> FormatError:
    """Put the file's name before the message, once."""
    base = Path(name).name
    if error.message.startswith(base):
        return error
    return type(error)(f"{base}: {error.message}", hint=error.hint)


__all__ = [
    "READERS",
    "Reader",
    "identify",
    "read",
    "read_bytes",
    "readers",
    "source_bytes",
    "supported",
]
