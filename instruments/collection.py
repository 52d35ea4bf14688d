"""Many files at once: folders, instrument folders and zip archives, one answer per file.

A bad file never stops the others: it comes out as `Unreadable`. Zip entries are read in
memory under caps, nothing is unpacked onto the disk, and all parsing is the guarded child's.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from instruments import folders, sandbox, zipped_runs
from instruments.errors import CorruptFileError, FormatError, RefusedFormatError
from instruments.export import Export
from instruments.limits import AGAIN, RUN_BYTES, require_plain_file

MAX_ENTRIES = 20_000
MAX_TOTAL = 4_000_000_000
MAX_ENTRY = 1_000_000_000
MAX_RATIO = 200
_RATIO_FREE = 10_000_000
_LINK = 0o120000
_FORMAT = 0o170000
_SHEET = "[Content_Types].xml"
_UNZIP = "Unpack the archive yourself if you trust where it comes from."


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """One file that gave no spectrum.

    Parameters
    ----------
    path : str
        For a zip entry ``archive.zip!entry``.
    error : str
        Name of the error class, for example ``CorruptFileError``.
    message, hint : str
        What was found, and what to do.
    """

    path: str
    error: str
    message: str
    hint: str = ""


def walk(paths: Iterable[str | Path]) -> Iterator[Export | Unreadable]:
    """Read everything under the given paths, in sorted order within each folder.

    Parameters
    ----------
    paths : iterable of str or Path
        Files, folders, zip archives, and folders that are one run (``.D``).

    Yields
    ------
    Export or Unreadable
        One for each file; hidden files and links inside folders are passed over.
    """
    for given in paths:
        yield from _one(Path(given))


def _one(path: Path) -> Iterator[Export | Unreadable]:
    try:
        if path.is_dir():
            if folders.is_run(path):
                yield sandbox.read_guarded(path)
            else:
                yield from _folder(path)
        elif _is_archive(path):
            yield from _archive(path)
        else:
            yield sandbox.read_guarded(path)
    except FormatError as error:
        yield _unreadable(str(path), error)
    except OSError as error:
        yield _system(str(path), error)


def _folder(folder: Path) -> Iterator[Export | Unreadable]:
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.name.startswith(".") or entry.is_symlink():
            continue
        yield from _one(entry)


def _unreadable(path: str, error: FormatError) -> Unreadable:
    return Unreadable(path=path, error=type(error).__name__, message=error.message, hint=error.hint)


def _system(path: str, error: OSError) -> Unreadable:
    return Unreadable(
        path=path,
        error=type(error).__name__,
        message=f"{Path(path).name}: {error.strerror or error}",
        hint="Does the file exist, and may you read it?",
    )


def _is_archive(path: Path) -> bool:
    """Return whether a file is a zip of files, not a spreadsheet or one run, by content."""
    require_plain_file(path)
    with path.open("rb") as stream:
        head = stream.read(100)
    if not head.startswith(b"PK\x03\x04") or folders.is_packed(head):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            return _SHEET not in names and zipped_runs.prefix(names) is None
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError):
        return True


def _archive(path: Path) -> Iterator[Export | Unreadable]:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [info for info in archive.infolist() if not info.is_dir()]
            _require_sane(path, entries)
            for info in entries:
                if _is_hidden(info.filename):
                    continue
                yield _entry(path, archive, info)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError, zlib.error) as error:
        raise CorruptFileError(
            f"{path.name}: the zip archive is damaged ({error})", hint=AGAIN
        ) from error


def _is_hidden(name: str) -> bool:
    last = PurePosixPath(name).name
    return "__MACOSX" in name or (last.startswith(".") and not last.startswith(".."))


def _require_sane(path: Path, entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MAX_ENTRIES:
        raise RefusedFormatError(f"{path.name}: {len(entries)} files in one archive", hint=_UNZIP)
    total = sum(info.file_size for info in entries)
    packed = sum(info.compress_size for info in entries)
    if total > min(MAX_TOTAL, RUN_BYTES) or total > _RATIO_FREE + MAX_RATIO * max(packed, 1):
        raise RefusedFormatError(
            f"{path.name}: {packed} bytes unpack to {total}: refused", hint=_UNZIP
        )


def _entry(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Export | Unreadable:
    label = f"{path}!{info.filename}"
    try:
        _require_plain(info)
        # The directory's size is a claim: read one byte more and see.
        with archive.open(info) as stream:
            data = stream.read(min(info.file_size, MAX_ENTRY) + 1)
        if len(data) > info.file_size:
            raise RefusedFormatError("the entry is larger than the archive says", hint=_UNZIP)
        export = sandbox.read_guarded_bytes(data, PurePosixPath(info.filename).name)
    except FormatError as error:
        return _unreadable(label, error)
    except (zipfile.BadZipFile, NotImplementedError, zlib.error, EOFError, RuntimeError) as error:
        return Unreadable(
            path=label,
            error="CorruptFileError",
            message=f"{info.filename}: the entry is damaged or encrypted ({error})",
            hint=_UNZIP,
        )
    return _at(export, label)


def _at(export: Export, label: str) -> Export:
    return replace(export, path=Path(label))


def _require_plain(info: zipfile.ZipInfo) -> None:
    name = info.filename.replace("\\", "/")
    parts = PurePosixPath(name).parts
    if name.startswith("/") or ".." in parts or (len(name) > 1 and name[1] == ":"):
        raise RefusedFormatError(f"an entry points outside the archive: {name[:80]!r}", hint=_UNZIP)
    if (info.external_attr >> 16) & _FORMAT == _LINK:
        raise RefusedFormatError(f"an entry is a link: {name[:80]!r}", hint=_UNZIP)
