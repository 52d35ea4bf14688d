"""The bytes that stand for what an instrument wrote: a file, or a folder packed."""

from __future__ import annotations

from pathlib import Path

from lims import fields
from lims.errors import NotFoundError


def bytes_of(source: Path) -> bytes:
    """Return the bytes that stand for an instrument's file or folder.

    Raises
    ------
    FormatError
        A folder that is no run, or more than any instrument writes.
    NotFoundError
        It cannot be opened.
    """
    from instruments import registry

    try:
        return registry.source_bytes(source)[1]
    except OSError as error:
        raise NotFoundError(
            f"{fields.visible(str(source))} cannot be opened: {error.strerror or error}",
            hint="Check the name and that this account may read it.",
        ) from error
