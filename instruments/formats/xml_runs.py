"""What mzML and mzXML share: no entities, base64 arrays inflated only as far as announced.

A file of half a megabyte can announce a hundred points and inflate to gigabytes; the announced
count is the cap.
"""

from __future__ import annotations

import binascii
import re
import zlib

import numpy as np

from instruments.errors import CorruptFileError, RefusedFormatError
from instruments.limits import AGAIN, MAX_POINTS
from spectra.axis import FloatArray

_ROOT = re.compile(rb"<(?:\w+:)?([A-Za-z_]\w*)[\s>/]")


def root_element(head: bytes) -> str:
    """Return the name of the root element of an XML text, or an empty string."""
    if not head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
        return ""
    match = _ROOT.search(head)
    return match.group(1).decode("ascii") if match else ""


def require_plain(data: bytes) -> None:
    """Raise for XML with a document type or in a two-byte encoding: no instrument writes them."""
    if b"\x00" in data[:200]:
        raise RefusedFormatError("XML in a two-byte encoding", hint="Write it as UTF-8.")
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise RefusedFormatError(
            "XML with a document type declaration or entities: refused as unsafe",
            hint="No instrument writes these; convert the original again.",
        )


def decode_array(text: str, announced: int, dtype: str, *, compressed: bool) -> FloatArray:
    """Return a base64 array of ``announced`` numbers.

    Parameters
    ----------
    text : str
    announced : int
        Number of values; the compressed form is inflated no further.
    dtype : str
        numpy type of one value with its byte order.
    compressed : bool
        zlib.

    Raises
    ------
    CorruptFileError
        Not base64, not zlib, or another number of values.
    """
    if not 0 <= announced <= MAX_POINTS:
        raise CorruptFileError(f"an array announces {announced} values", hint=AGAIN)
    item = np.dtype(dtype)
    try:
        raw = binascii.a2b_base64(text)
        if compressed and raw:
            inflate = zlib.decompressobj()
            raw = inflate.decompress(raw, announced * item.itemsize + 1)
    except (ValueError, zlib.error) as error:  # binascii.Error is a ValueError
        raise CorruptFileError(f"an array cannot be decoded ({error})", hint=AGAIN) from error
    if len(raw) != announced * item.itemsize:
        more = "more" if len(raw) > announced * item.itemsize else "fewer"
        raise CorruptFileError(
            f"an array holds {more} than the {announced} values announced", hint=AGAIN
        )
    return np.frombuffer(raw, dtype=item).astype(np.float64)
