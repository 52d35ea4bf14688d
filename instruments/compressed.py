"""Gzip opened as a stream with a cap: what inflates far beyond any instrument's file is refused."""

from __future__ import annotations

import zlib

from instruments.errors import CorruptFileError, RefusedFormatError
from instruments.limits import AGAIN

GZIP_MAGIC = b"\x1f\x8b"
# XML with base64 compresses two- to tenfold; a hundredfold is no measurement.
_RATIO = 100
_ALWAYS = 50_000_000
_MOST = 2_000_000_000
_CHUNK = 16_000_000


def gunzip(data: bytes) -> bytes:
    """Return the inflated bytes.

    Raises
    ------
    RefusedFormatError
        It inflates more than a hundredfold or beyond 2 GB.
    CorruptFileError
        The stream is damaged or cut.
    """
    limit = min(_MOST, max(_ALWAYS, _RATIO * len(data)))
    stream = zlib.decompressobj(wbits=31)
    parts: list[bytes] = []
    total = 0
    rest = data
    try:
        while rest and not stream.eof:
            part = stream.decompress(rest, _CHUNK)
            total += len(part)
            if total > limit:
                raise RefusedFormatError(
                    f"compressed data inflate beyond {limit / 1e6:.0f} MB: refused",
                    hint="Unpack the file yourself if you trust where it comes from.",
                )
            parts.append(part)
            rest = stream.unconsumed_tail
            if not part and not rest:
                break
    except zlib.error as error:
        raise CorruptFileError(f"the gzip stream is damaged ({error})", hint=AGAIN) from error
    if not stream.eof:
        raise CorruptFileError("the gzip stream is cut", hint=AGAIN)
    return b"".join(parts)
