"""Which libraries and versions are installed in a folder, and how one arrives or leaves whole.

A version is one folder ``<name>/<version>/``. It is written beside its place under a hidden name
and renamed into it, so a crash leaves either the whole version or nothing. What a killed build
leaves is told from one that is still at work by a lock that dies with its process.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from libraries import building, index_files, store, withdrawal
from libraries.entry import Section
from libraries.errors import LibraryError, LibraryNotFoundError, LibraryVersionError
from libraries.store import Header, Record

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")
_HIDDEN = "."
# Names that Windows keeps for devices; a library folder must travel between systems.
_RESERVED = re.compile(r"(?i)(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """One installed library version.

    Parameters
    ----------
    header : Header or None
        None where the record cannot be read; ``problem`` says why.
    sections : mapping of Section to int
        Number of entries by what they can be compared with.
    newest : bool
        Whether `libraries.open` takes this version when none is named.
    withdrawn : str
        Why it answers nobody any more, though results still rest on it; empty where it is in use.
    """

    name: str
    version: str
    folder: Path
    header: Header | None
    sections: dict[Section, int]
    newest: bool
    problem: str = ""
    withdrawn: str = ""

    @property
    def entries(self) -> int:
        """Number of entries, 0 where the record cannot be read."""
        return 0 if self.header is None else self.header.entries

    @property
    def techniques(self) -> tuple[str, ...]:
        """What its entries can be compared with."""
        return tuple(section.value for section in self.sections)

    @property
    def licence(self) -> str:
        """The licence of entries whose source states none."""
        return "" if self.header is None else self.header.licence


def check_name(text: str, what: str = "library name") -> str:
    """Return the text if it can name a folder on every system, else raise.

    Raises
    ------
    LibraryError
    """
    if not _NAME.fullmatch(text) or text.endswith(".") or _RESERVED.fullmatch(text):
        raise LibraryError(
            f"{text[:80]!r} cannot be a {what}",
            hint="Use up to 64 letters, digits, dots, hyphens or underscores, a letter first.",
        )
    return text


def versions(folder: Path, name: str) -> list[str]:
    """Return the installed versions of a library, oldest first; numbers count as numbers."""
    place = folder / check_name(name)
    if not place.is_dir():
        return []
    found = [each.name for each in place.iterdir() if each.is_dir()]
    return sorted((v for v in found if not v.startswith(_HIDDEN)), key=_order)


def is_newer(version: str, than: str) -> bool:
    """Whether a version comes after another, as `versions` orders them."""
    return _order(version) > _order(than)


def in_use(folder: Path, name: str) -> list[str]:
    """Return the versions that may answer, oldest first: all but the withdrawn."""
    return [v for v in versions(folder, name) if not withdrawal.is_marked(folder / name / v)]


def locate(folder: Path, name: str, version: str | None = None, *, withdrawn: bool = False) -> Path:
    """Return the folder of a version, the newest in use by default.

    Parameters
    ----------
    withdrawn : bool
        Whether a withdrawn version may be meant, to look at what an old result rests on.

    Raises
    ------
    LibraryNotFoundError
        No such library or version, or it was withdrawn; the hint names what there is.
    """
    known = versions(folder, name) if withdrawn else in_use(folder, name)
    if version is not None and version not in known:
        place = folder / check_name(name) / check_name(version, "library version")
        if withdrawal.is_marked(place):
            raise LibraryNotFoundError(
                f"library {name} {version} was withdrawn: {withdrawal.reason(place)}",
                hint=f"In use: {', '.join(known)}." if known else "Import another version.",
            )
    if not known:
        others = sorted({each.name for each in _places(folder)})
        raise LibraryNotFoundError(
            f"no library {name!r} is installed",
            hint=f"Installed: {', '.join(others)}."
            if others
            else "Import one with `fol library import`.",
        )
    chosen = known[-1] if version is None else version
    if chosen not in known:
        raise LibraryNotFoundError(
            f"library {name} has no version {version!r}", hint=f"Installed: {', '.join(known)}."
        )
    return folder / name / chosen


def installed(folder: Path) -> list[Installed]:
    """Return every installed version, by name, oldest first. A damaged one is listed as such."""
    found = []
    for place in _places(folder):
        answering = in_use(folder, place.name)
        for version in versions(folder, place.name):
            where = place / version
            newest = answering[-1:] == [version]
            found.append(_installed(place.name, version, where, newest=newest))
    return found


def _installed(name: str, version: str, where: Path, *, newest: bool) -> Installed:
    header, sections, problem = None, {}, ""
    try:
        record = Record(where / store.FILE)
        try:
            header, sections = record.header(), record.sections()
        finally:
            record.close()
    except LibraryError as broken:
        problem = broken.message
    return Installed(
        name=name,
        version=version,
        folder=where,
        header=header,
        sections=sections,
        newest=newest,
        problem=problem,
        withdrawn=withdrawal.reason(where),
    )


def remove(folder: Path, name: str, version: str | None = None) -> list[str]:
    """Remove one version, or every version; return what was removed.

    Results that rest on it keep its name, version and content hash in their record.

    Raises
    ------
    LibraryNotFoundError
    """
    removed = [locate(folder, name, version).name] if version else versions(folder, name)
    if not removed:
        locate(folder, name)
    for each in removed:
        # Out of sight in one step, so that nobody opens a half-removed library.
        hidden = folder / name / f"{building.REMOVED}{secrets.token_hex(8)}"
        os.rename(folder / name / each, hidden)  # noqa: PTH104 - must not replace anything
        shutil.rmtree(hidden)
    if not any((folder / name).iterdir()):
        (folder / name).rmdir()
    return removed


def next_version(folder: Path, name: str) -> str:
    """Return the next whole number after the numbered versions: ``1`` for a new library."""
    numbers = [int(v) for v in versions(folder, name) if v.isdecimal() and len(v) < 10]
    return str(max(numbers, default=0) + 1)


@contextmanager
def installing(folder: Path, name: str, version: str) -> Iterator[Path]:
    """Give an empty hidden folder to build in; rename it into place if the block ends well.

    Raises
    ------
    LibraryVersionError
        The version exists already; it is left as it was.
    """
    check_name(version, "library version")
    if (folder / check_name(name) / version).exists():
        raise _exists(name, version)
    place = folder / name
    new_place = not place.exists()
    place.mkdir(parents=True, exist_ok=True)
    hidden = place / f"{building.PREFIX}{secrets.token_hex(8)}"
    try:
        with building.held(hidden):
            hidden.mkdir()
            try:
                yield hidden
                _put(hidden, place / version)
            finally:
                shutil.rmtree(hidden, ignore_errors=True)
    finally:
        if new_place and place.exists() and not any(place.iterdir()):
            place.rmdir()


def finish(folder: Path, name: str, version: str, content_sha256: str) -> bool:
    """Put a version in place that was complete and on record when its build was killed.

    Returns
    -------
    bool
        Whether such a build was found.
    """
    place = folder / check_name(name)
    for hidden in building.abandoned(place):
        header = _header(hidden)
        if header is None or header.content_sha256 != content_sha256:
            continue
        if (header.name, header.version) == (name, version) and not (place / version).exists():
            _put(hidden, place / version)
            building.remove(hidden)
            return True
    return False


def _header(folder: Path) -> Header | None:
    try:
        record = Record(folder / store.FILE)
    except LibraryError:
        return None
    try:
        return record.header()
    except LibraryError:
        return None
    finally:
        record.close()


def replace_index(version_folder: Path, built: Path, section: Section) -> None:
    """Put a rebuilt index in the place of an old one."""
    target = version_folder / "index" / section.value
    old = target.with_name(f"{_HIDDEN}old-{secrets.token_hex(8)}")
    target.parent.mkdir(exist_ok=True)
    if target.exists():
        os.rename(target, old)  # noqa: PTH104 - fails rather than replace
    os.rename(built, target)  # noqa: PTH104 - fails rather than replace
    index_files.sync_folder(target.parent)
    shutil.rmtree(old, ignore_errors=True)


def clean(folder: Path) -> int:
    """Remove what killed builds and removals left behind; return how many leftovers there were.

    A build that is still at work is known by its lock and left alone.
    """
    left = [each for place in _places(folder) for each in building.leftovers(place)]
    for each in left:
        building.remove(each)
    for place in _places(folder):
        if left and not any(place.iterdir()):
            place.rmdir()
    return len(left)


def _put(built: Path, target: Path) -> None:
    index_files.sync_folder(built)
    try:
        os.rename(built, target)  # noqa: PTH104 - an existing version must not be replaced
    except OSError as taken:
        if target.exists():
            raise _exists(target.parent.name, target.name) from taken
        raise
    index_files.sync_folder(target.parent)


def _exists(name: str, version: str) -> LibraryVersionError:
    return LibraryVersionError(
        f"library {name} {version} is already installed, and versions never change",
        hint="Choose another version, or leave it out to take the next number.",
    )


def _places(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    found = [each for each in folder.iterdir() if each.is_dir() and _NAME.fullmatch(each.name)]
    return sorted(found, key=lambda place: place.name.lower())


def _order(version: str) -> list[tuple[int, int, str]]:
    parts = re.findall(r"\d+|\D+", version)
    return [(1, int(p[:18]), "") if p.isdecimal() else (0, 0, p) for p in parts]
