"""Is a file whole? What each format says of its own end, one small function per format.

An answer is a claim about these bytes only: whoever asks also waits until they stop changing. Reads
a little of the file, knows nothing of folders, of waiting or of the record.
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from instruments import folders
from instruments.errors import FormatError
from instruments.formats import netcdf_header

_HEAD, _TAIL = 65_536, 4_096
_NETCDF_HEADER = 1_000_000
_WHOLE = 256_000_000
_MAX_STEPS = 100_000


class Ending(StrEnum):
    """What a file says of its own end."""

    MARKED = "marked"
    """The format's end mark is there, and every part that was begun is closed."""
    FITS = "fits"
    """No mark, but the size is what the header announces."""
    UNKNOWN = "unknown"
    """The format says nothing, or not enough."""
    UNFINISHED = "unfinished"
    """More was announced than is there."""


class Peek:
    """A file opened for looking: its first and last bytes, and a way to the rest.

    Never mapped into memory: a file that is cut while it is mapped would end the program.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.size = stream.seek(0, io.SEEK_END)
        self.head = self.at(0, _HEAD)

    def at(self, offset: int, count: int) -> bytes:
        """Return up to ``count`` bytes from ``offset``."""
        self._stream.seek(offset)
        return self._stream.read(count)

    def tail(self) -> bytes:
        """Return the last bytes."""
        return self.at(max(0, self.size - _TAIL), _TAIL)

    def whole(self) -> bytes:
        """Return everything.

        Raises
        ------
        _TooLongError
            The file is not small enough to be looked through for this alone.
        """
        if self.size > _WHOLE:
            raise _TooLongError
        return self.at(0, self.size)


class _TooLongError(Exception):
    """Never leaves this module."""


def ending(path: Path) -> Ending:
    """Return what a file, or the data file of an instrument's folder, says of its end.

    Raises
    ------
    OSError
        It cannot be opened.
    """
    if path.is_dir():
        return _of_folder(path)
    with path.open("rb") as stream:
        return of_stream(stream)


def of_stream(stream: BinaryIO) -> Ending:
    """Return what an open file says of its end."""
    peek = Peek(stream)
    if not peek.size:
        return Ending.UNFINISHED
    for recognises, judge in ENDINGS:
        if recognises(peek.head):
            try:
                said = judge(peek)
                # A copy may reserve the whole size first and fill it later.
                is_reserved = said is Ending.FITS and not any(peek.tail())
                return Ending.UNKNOWN if is_reserved else said
            except _TooLongError:
                return Ending.UNKNOWN
            except (struct.error, IndexError, FormatError):
                return Ending.UNFINISHED
    return Ending.UNKNOWN


def _of_folder(folder: Path) -> Ending:
    file = folders.run_file(folder)
    return Ending.UNKNOWN if file is None else ending(file)


def _begins(*marks: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(marks)


def _finds(pattern: bytes) -> Callable[[bytes], bool]:
    compiled = re.compile(pattern, re.IGNORECASE | re.MULTILINE)
    return lambda head: compiled.search(head) is not None


def _count(pattern: re.Pattern[bytes], data: bytes) -> int:
    return sum(1 for _ in pattern.finditer(data))


def _fits(wanted: int, size: int) -> Ending:
    return Ending.FITS if 0 < wanted <= size else Ending.UNFINISHED


_TITLE = re.compile(rb"^[ \t]*##[ \t]*TITLE[ \t]*=", re.IGNORECASE | re.MULTILINE)
_VERSION = re.compile(rb"^[ \t]*##[ \t]*JCAMP-?DX[ \t]*=", re.IGNORECASE | re.MULTILINE)
_END = re.compile(rb"^[ \t]*##[ \t]*END[ \t]*(?:=|$)", re.IGNORECASE | re.MULTILINE)
_LAST_END = re.compile(
    rb"(?:^|\n)[ \t]*##[ \t]*END[ \t]*(?:=[^\n]*)?(?:\s|\x1a|\0|\$\$[^\n]*)*\Z", re.IGNORECASE
)


def _jcamp(peek: Peek) -> Ending:
    """Every block that has a title must be closed: a compound file holds many ends."""
    if not _LAST_END.search(_lines(peek.tail())):
        # Labelled text that does not claim to be JCAMP-DX need not have its end mark.
        is_claimed = _VERSION.search(_lines(peek.head)) is not None
        return Ending.UNFINISHED if is_claimed or _END.search(peek.head) else Ending.UNKNOWN
    text = _lines(peek.whole())
    is_open = _count(_TITLE, text) > _count(_END, text)
    return Ending.UNFINISHED if is_open else Ending.MARKED


def _lines(text: bytes) -> bytes:
    return text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


_ROOT = re.compile(rb"<([A-Za-z_][\w.:-]*)[\s/>]")
_PROLOGUE = re.compile(rb"<\?.*?\?>|<!--.*?-->|<![A-Z][^>]*>", re.DOTALL)


def _xml(peek: Peek) -> Ending:
    root = _ROOT.search(_PROLOGUE.sub(b"", peek.head))
    if root is None:
        return Ending.UNKNOWN
    closed = peek.tail().rstrip(b"\0\r\n\t ").endswith(b"</" + root[1] + b">")
    return Ending.MARKED if closed else Ending.UNFINISHED


def _zip(peek: Peek) -> Ending:
    return Ending.MARKED if b"PK\x05\x06" in peek.tail() else Ending.UNFINISHED


def _massbank(peek: Peek) -> Ending:
    return Ending.MARKED if peek.tail().rstrip().endswith(b"\n//") else Ending.UNFINISHED


_BEGIN_IONS = re.compile(rb"^BEGIN IONS", re.MULTILINE)
_END_IONS = re.compile(rb"^END IONS", re.MULTILINE)


def _mgf(peek: Peek) -> Ending:
    text = peek.whole()
    is_open = _count(_BEGIN_IONS, text) > _count(_END_IONS, text)
    # Closed, but another spectrum may follow: time tells.
    return Ending.UNFINISHED if is_open else Ending.UNKNOWN


_NUM_PEAKS = re.compile(rb"^Num Peaks:[ \t]*(\d{1,7})[^\r\n]*", re.IGNORECASE | re.MULTILINE)
_PEAK = re.compile(rb"[\d.eE+-]+[ \t,:]+[\d.eE+-]+")


def _msp(peek: Peek) -> Ending:
    text = peek.whole()
    last = None
    for last in _NUM_PEAKS.finditer(text):  # noqa: B007 - the last one is what is wanted
        pass
    if last is None:
        return Ending.UNFINISHED
    there = sum(1 for _ in _PEAK.finditer(text, last.end()))
    # Full, but another entry may follow: time tells.
    return Ending.UNFINISHED if there < int(last[1]) else Ending.UNKNOWN


def _netcdf(peek: Peek) -> Ending:
    if peek.head[4:8] == b"\xff\xff\xff\xff":
        return Ending.UNKNOWN  # written as a stream: the header does not count its records
    netcdf_header.check(peek.at(0, _NETCDF_HEADER), size=peek.size)
    return Ending.FITS


def _spc(peek: Peek) -> Ending:
    head = peek.head
    if len(head) < 512:
        return Ending.UNFINISHED
    order = ">" if head[1] == 0x4C else "<"
    flags, (points,) = head[0], struct.unpack_from(order + "i", head, 4)
    (subfiles,) = struct.unpack_from(order + "i", head, 24)
    (log,) = struct.unpack_from(order + "i", head, 248)
    if points <= 0 or subfiles < 0 or flags & 0x40:
        return Ending.UNKNOWN  # subfiles with an x of their own: the directory stands at the end
    width = 2 if flags & 0x01 else 4
    own_x = 4 * points if flags & 0x80 else 0
    wanted = 512 + own_x + max(subfiles, 1) * (32 + width * points)
    if log > 0:
        (length,) = struct.unpack(order + "i", peek.at(log, 4))
        wanted = max(wanted, log + max(length, 64))
    return _fits(wanted, peek.size)


def _spa(peek: Peek) -> Ending:
    (count,) = struct.unpack_from("<H", peek.head, 294)
    ends = []
    for at in range(count):
        # Every block counts: the history of the sample comes after the ordinates.
        key = peek.head[304 + 16 * at]
        offset, length = struct.unpack_from("<II", peek.head, 304 + 16 * at + 2)
        if key and length:
            ends.append(offset + length)
    return _fits(max(ends), peek.size) if ends else Ending.UNFINISHED


def _wdf(peek: Peek) -> Ending:
    capacity, collected = struct.unpack_from("<QQ", peek.head, 0x40)
    if collected < capacity:
        return Ending.UNFINISHED  # a map still being measured, or one that was broken off
    at = 0
    for _ in range(_MAX_STEPS):
        if at >= peek.size:
            break
        (size,) = struct.unpack("<Q", peek.at(at + 8, 8))
        if size < 16:
            return Ending.UNKNOWN
        at += size
    return Ending.FITS if at == peek.size else Ending.UNFINISHED


def _opus(peek: Peek) -> Ending:
    start, _, count = struct.unpack_from("<III", peek.head, 12)
    if not 0 < count <= 1000:
        return Ending.UNKNOWN
    ends = []
    for at in range(count):
        _, words, offset = struct.unpack_from("<III", peek.head, start + 12 * at)
        ends.append(offset + 4 * words)
    return _fits(max(ends), peek.size)


def _chemstation(peek: Peek) -> Ending:
    """Walk the scans that the header announces, then the directory of 12 bytes for each.

    While a run is acquired the header announces none.
    """
    data = peek.whole()
    is_gas = data[5:24].upper().startswith(b"GC / MS DATA FILE")
    at = struct.unpack_from(">H", data, 0x10A)[0] * 2 - 2
    (announced,) = struct.unpack_from("<H" if is_gas else ">H", data, 0x142 if is_gas else 0x118)
    for _ in range(announced):
        (length,) = struct.unpack_from(">H", data, at)
        (count,) = struct.unpack_from(">H", data, at + 12)
        at += max(28 + 4 * count, 2 * length)
    return _fits(at + 12 * announced, peek.size) if announced else Ending.UNFINISHED


ENDINGS: tuple[tuple[Callable[[bytes], bool], Callable[[Peek], Ending]], ...] = (
    (_begins(b"WDF1"), _wdf),
    (_begins(b"Spectral Data File"), _spa),
    (_begins(b"\x0a\x0a\xfe\xfe"), _opus),
    (_begins(b"CDF\x01", b"CDF\x02"), _netcdf),
    (_begins(b"PK\x03\x04"), _zip),
    (_begins(b"\x01\x32\x00\x00"), _chemstation),
    (lambda head: len(head) > 1 and head[1] in (0x4B, 0x4C) and b"\0" in head[:32], _spc),
    (_finds(rb"\A(?:\xef\xbb\xbf)?\s*##[ \t]*[A-Z]"), _jcamp),
    (_finds(rb"\A(?:\xef\xbb\xbf)?\s*<"), _xml),
    (_finds(rb"\A\s*ACCESSION:"), _massbank),
    (_finds(rb"^BEGIN IONS"), _mgf),
    (_finds(rb"\A\s*(?:[\w $#]+:[^\n]*\n)*?NAME:"), _msp),
)
"""(what recognises the first bytes, what judges the file), tried in order."""
