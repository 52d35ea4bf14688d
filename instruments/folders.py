"""Runs that are folders (``.D``, Waters ``.raw``): which folder a path belongs to, and its bytes.

A folder's evidence is one archive of all its files, the same bytes for the same content whatever
its name, dates or order on disk. Links are named in it, never followed. Knows nothing of formats.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from instruments.cleaning import one_line
from instruments.errors import CorruptFileError, RefusedFormatError, UnknownFormatError
from instruments.limits import AGAIN

if TYPE_CHECKING:
    from zipfile import ZipInfo

MARK = ".fol-run-folder.json"
"""Name of the first entry of a packed folder; it lists what follows."""

MOST_BYTES = 1_000_000_000
MOST_FILES = 5_000
_MOST_DEPTH = 6
_SCHEMA = "fol.run-folder/1"
_ZIP_MAGIC = b"PK\x03\x04"
_NAME_OFFSET = 30  # of the name in a zip entry's own header
_STORED = 0  # the number of "not compressed" in a zip
_EPOCH = (1980, 1, 1, 0, 0, 0)
# Written by whoever looks at a folder, not by the instrument.
_LEFT_BY_VIEWERS = frozenset((".ds_store", "thumbs.db", "desktop.ini"))
_ACQDATA = "acqdata"
_SUFFIXES = (".d", ".raw")
_CHEMSTATION = ("data.ms", "msd1.ms", "datasim.ms")
_COMPANIONS = frozenset(
    ("acqmeth.txt", "runstart.txt", "run.log", "sample.xml", "pre_post.ini", "cnorm.ini", "gc.ini")
)
_WATERS_PART = re.compile(
    r"_(?:func|chro)\w*\.\w{3}|_(?:header|inlet|extern)\.\w{3}", re.IGNORECASE
)
_CONVERT = "Export the run as ANDI/netCDF (.cdf) or convert it to mzML (ProteoWizard msconvert)."


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedFolder:
    """The files of a packed folder by relative name with ``/``, sorted; and the links left out."""

    files: dict[str, bytes]
    links: tuple[str, ...]


def run_of(path: Path) -> Path | None:
    """Return the folder that a path stands for, or None where it is a file of its own.

    A file inside ``AcqData`` or a part of a Waters run means nothing alone: its run is meant.
    The data files of a ChemStation ``.D`` can each be read alone, so they are files.
    """
    whole = path.absolute()
    if whole.name.lower() == _ACQDATA and whole.is_dir():
        return _holder(whole)
    if whole.is_dir():
        return whole
    if whole.parent.name.lower() == _ACQDATA:
        return _holder(whole.parent)
    if _WATERS_PART.fullmatch(whole.name) and whole.is_file() and _is_waters(whole.parent):
        return whole.parent
    return None


def _holder(acqdata: Path) -> Path:
    """Return the run around an ``AcqData`` folder; a loose copy of one is its own run."""
    return acqdata.parent if acqdata.parent.suffix.lower() == ".d" else acqdata


def is_run(folder: Path) -> bool:
    """Return whether a folder is one run of an instrument rather than a collection of files."""
    if folder.suffix.lower() in _SUFFIXES or folder.name.lower() == _ACQDATA:
        return True
    names = _names(folder)
    # A renamed run: its data with what the instrument writes beside it. One file among others of
    # somebody's folder is a file, or all of that folder would become evidence.
    renamed = bool(names & set(_CHEMSTATION)) and bool(names & _COMPANIONS)
    return renamed or _is_waters(folder)


def _names(folder: Path) -> set[str]:
    return {entry.name.lower() for entry in folder.iterdir()}


def _is_waters(folder: Path) -> bool:
    names = {name for name in _names(folder) if name not in _LEFT_BY_VIEWERS}
    parts = {name for name in names if _WATERS_PART.fullmatch(name)}
    # A folder of downloads may hold a stray part: it is not a run.
    return bool(parts) and (folder.suffix.lower() == ".raw" or 2 * len(parts) > len(names))


def run_file(folder: Path) -> Path | None:
    """Return the one file that stood for a ``.D`` folder before folders were kept whole.

    Runs recorded then carry this file's hash; it is how they are known again.
    """
    names = {entry.name.lower(): entry for entry in folder.iterdir() if not entry.is_symlink()}
    traces = sorted(name for name in names if name.endswith(".ch"))
    for wanted in (*_CHEMSTATION, *traces[:1]):
        if wanted in names and names[wanted].is_file():
            return names[wanted]
    return None


def pack(folder: Path) -> bytes:
    """Return a folder as one archive: equal content gives equal bytes.

    Parameters
    ----------
    folder : Path
        A run; a folder of exports is read with `instruments.collection.walk`.

    Returns
    -------
    bytes
        An uncompressed zip: first `MARK`, which lists name, size and SHA-256 of every file, then
        the files in order of their names, all dated 1980-01-01.

    Raises
    ------
    UnknownFormatError
        Not an instrument's folder.
    RefusedFormatError
        More than 1 GB, 5,000 files or six levels; or a name that is not Unicode.
    OSError
        A file cannot be read.
    """
    if not is_run(folder):
        raise UnknownFormatError(
            f"{one_line(folder.name)}: a folder, not a run",
            hint="Give the files in it, or the folder to a command that takes many files.",
        )
    files: dict[str, bytes] = {}
    links: list[str] = []
    left = MOST_BYTES
    for name, entry in _entries(folder, "", 0):
        if entry is None:
            links.append(name)
            continue
        files[name] = _content(entry, left)
        left -= len(files[name])
        if len(files) > MOST_FILES:
            raise _too_large(f"more than {MOST_FILES} files")
    return _archive(files, links)


def _entries(folder: Path, prefix: str, depth: int) -> Iterator[tuple[str, Path | None]]:
    """Yield (relative name, path); None in place of the path of a link or a special file."""
    if depth > _MOST_DEPTH:
        raise _too_large(f"more than {_MOST_DEPTH} levels of folders")
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        name = prefix + entry.name
        if entry.name.lower() in _LEFT_BY_VIEWERS or name == MARK:
            continue
        if not entry.name.isprintable() and not _is_unicode(entry.name):
            raise RefusedFormatError(
                f"a file name in the folder is not Unicode: {entry.name!a}",
                hint="Rename the file, or copy the folder with its names converted.",
            )
        if entry.is_dir(follow_symlinks=False):
            yield from _entries(Path(entry.path), name + "/", depth + 1)
        elif entry.is_file(follow_symlinks=False):
            yield name, Path(entry.path)
        else:
            yield name, None


def _is_unicode(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _content(path: Path, left: int) -> bytes:
    # Not followed even if the file is replaced by a link while the folder is read.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags), "rb") as stream:
        data = stream.read(left + 1)
    if len(data) > left:
        raise _too_large(f"more than {MOST_BYTES / 1e6:.0f} MB")
    return data


def _too_large(what: str) -> RefusedFormatError:
    return RefusedFormatError(f"the folder holds {what}: too large for a run", hint=_CONVERT)


def _archive(files: dict[str, bytes], links: list[str]) -> bytes:
    import zipfile  # 15 ms that no single file needs

    names = sorted(files)
    listed = [
        {"name": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in sorted(files.items())
    ]
    manifest = {"schema": _SCHEMA, "files": listed, "links": sorted(links)}
    text = json.dumps(manifest, sort_keys=True, indent=1, ensure_ascii=True)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(_entry(MARK), text.encode("ascii"))
        for name in names:
            # Let go of each once it is written: a large folder is held once, not twice.
            archive.writestr(_entry(name), files.pop(name))
    return out.getvalue()


def _entry(name: str) -> ZipInfo:
    from zipfile import ZipInfo

    entry = ZipInfo(name, _EPOCH)
    entry.create_system, entry.external_attr = 3, 0o444 << 16
    return entry


def is_packed(head: bytes) -> bool:
    """Return whether bytes begin as `pack` writes them."""
    stop = _NAME_OFFSET + len(MARK)
    return head.startswith(_ZIP_MAGIC) and head[_NAME_OFFSET:stop] == MARK.encode("ascii")


def unpack(data: bytes) -> PackedFolder:
    """Return the files of a packed folder, each compared with the list; nothing touches a disk.

    Raises
    ------
    CorruptFileError
        Not what `pack` writes: damaged, changed, compressed, or with names that lead outside.
    """
    import zipfile

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            _require_sane(entries, len(data))
            content = {entry.filename: archive.read(entry) for entry in entries}
        manifest = json.loads(content.pop(MARK))
        listed = {str(each["name"]): str(each["sha256"]) for each in manifest["files"]}
        links = tuple(one_line(str(name), limit=200) for name in manifest["links"])
    except (
        zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError,
        ValueError, KeyError, TypeError,
    ) as error:  # fmt: skip
        raise CorruptFileError(f"the kept folder is damaged ({error})", hint=AGAIN) from error
    found = {name: hashlib.sha256(held).hexdigest() for name, held in content.items()}
    if found != listed:
        raise CorruptFileError("the kept folder is not what its own list says", hint=AGAIN)
    return PackedFolder(files=content, links=links)


def _require_sane(entries: list[ZipInfo], size: int) -> None:
    names = {entry.filename for entry in entries}
    total = sum(entry.file_size for entry in entries)
    if len(names) != len(entries) or len(entries) > MOST_FILES + 1 or total > size:
        raise CorruptFileError("the kept folder announces more than it holds", hint=AGAIN)
    for entry in entries:
        path = PurePosixPath(entry.filename)
        if entry.compress_type != _STORED or path.is_absolute() or ".." in path.parts:
            raise CorruptFileError("the kept folder holds a foreign entry", hint=AGAIN)
