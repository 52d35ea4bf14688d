"""A run's folder that somebody zipped to send it: known by the names inside, read under caps.

Nothing is unpacked onto the disk. The evidence stays the zip as it came.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from instruments.cleaning import one_line
from instruments.errors import CorruptFileError, RefusedFormatError
from instruments.folders import MOST_BYTES, MOST_FILES, PackedFolder
from instruments.limits import AGAIN

if TYPE_CHECKING:
    from zipfile import ZipFile, ZipInfo

_SUFFIXES = (".d", ".raw")
_RATIO, _RATIO_FREE = 100, 10_000_000
_LINK, _FORMAT = 0o120000, 0o170000
_UNZIP = "Unpack the archive yourself if you trust where it comes from."


def prefix(names: Iterable[str]) -> str | None:
    """Return the folder inside a zip that is its one run, with ``/``; None for any other zip.

    A zip of several runs, or of a run beside other files, is a collection.
    """
    found: set[str] = set()
    for name in names:
        path = PurePosixPath(name)
        if name.endswith("/") or path.parts[:1] == ("__MACOSX",) or path.name.startswith("._"):
            continue
        runs = [at for at, part in enumerate(path.parts[:-1]) if part.lower().endswith(_SUFFIXES)]
        found.add("/".join(path.parts[: runs[0] + 1]) + "/" if runs else "")
    return found.pop() if len(found) == 1 and "" not in found else None


def unpack(data: bytes) -> PackedFolder:
    """Return the files of the run inside a zip, by their names within the run.

    Raises
    ------
    RefusedFormatError
        It unpacks to too much, or an entry points outside.
    CorruptFileError
        Damaged or encrypted.
    """
    import zipfile

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            start = prefix(entry.filename for entry in entries)
            if start is None:
                raise CorruptFileError("a zip without one run in it", hint=AGAIN)
            own = [entry for entry in entries if entry.filename.startswith(start)]
            _require_sane(own)
            links = [entry for entry in own if (entry.external_attr >> 16) & _FORMAT == _LINK]
            files = {
                entry.filename.removeprefix(start): _content(archive, entry)
                for entry in own
                if entry not in links
            }
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
        raise CorruptFileError(f"the zip is damaged or encrypted ({error})", hint=_UNZIP) from error
    return PackedFolder(files=files, links=tuple(entry.filename for entry in links))


def _require_sane(entries: list[ZipInfo]) -> None:
    total = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if len(entries) > MOST_FILES or total > min(MOST_BYTES, _RATIO_FREE + _RATIO * packed):
        raise RefusedFormatError(
            f"{len(entries)} files and {packed} bytes that unpack to {total}: refused", hint=_UNZIP
        )
    for entry in entries:
        path = PurePosixPath(entry.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts:
            shown = one_line(entry.filename, limit=80)
            raise RefusedFormatError(f"an entry points outside the archive: {shown}", hint=_UNZIP)


def _content(archive: ZipFile, entry: ZipInfo) -> bytes:
    # The directory's size is a claim: read one byte more and see.
    with archive.open(entry) as stream:
        data = stream.read(entry.file_size + 1)
    if len(data) > entry.file_size:
        raise RefusedFormatError("an entry is larger than the archive says", hint=_UNZIP)
    return data
