"""A verified copy of a whole lab: made beside its place, checked as a restore would, then named.

What has not changed since the last backup in the same folder is hard-linked to it where the file
system can, so that the nightly copy writes only what is new. Library indexes are left out: they
are rebuilt from the libraries' own records.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import shutil
import stat
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from lims import audit, backup_manifest, chain, clock, errors, keys, sqlite, workflow
from lims.act import acting_person
from lims.backup_manifest import MANIFEST, SIGNATURE, SUMS, Manifest
from lims.errors import AuditBrokenError, BusyError, ConfigError, RecordError
from lims.lab import DATABASE_NAME, Lab, look_into
from lims.workflow import Verb
from spectra.errors import LabError

PARTIAL = ".partial-"
_LOCK = ".fol-backup.lock"
_CHUNK = 1 << 20
_MAY_VANISH = ("reports", "libraries")
"""What the lab makes anew by moving a folder in: a file may be gone when its turn comes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A finished backup and what it cost."""

    folder: Path
    manifest: Manifest
    linked: int
    """Files taken over from the backup before it, by hard link."""
    notices: tuple[str, ...] = ()


@dataclass(slots=True)
class _Copy:
    """One copy being made: where from, where to, what it may be linked with, what it holds."""

    source: Path
    target: Path
    before: Path | None
    known: Mapping[str, str]
    sums: dict[str, str] = field(default_factory=dict)
    size: int = 0
    linked: int = 0


def back_up(lab: Lab, actor: str, into: Path) -> Backup:
    """Make a verified backup of a lab in a new folder inside ``into``; the lab may be at work.

    Parameters
    ----------
    lab : Lab
    actor : str
        Person id; must be allowed to back up.
    into : Path
        Made when missing; outside the lab folder.

    Raises
    ------
    PermissionDenied
        The acting person may not.
    ConfigError
        The place cannot be used: inside the lab, read-only, or open to other accounts.
    BusyError, StorageFullError
        Another backup into the same folder is at work; the disk is full.
    AuditBrokenError
        The copy does not verify, so it is not called a backup; nothing stays.
    """
    workflow.require(acting_person(lab.db, actor), Verb.BACK_UP)
    into = _place(lab, into)
    with _told(into), _one_at_a_time(into):
        _sweep(into)
        audit.checkpoint(lab, actor)
        moment = clock.now()
        name = f"{lab.site}-{moment:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"
        partial = into / f"{PARTIAL}{name}"
        try:
            partial.mkdir(mode=0o700)
            made = _made(lab, actor, partial, into, name, clock.stamp(moment))
            partial.rename(into / name)
            flush_folder(into)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
    with lab.writing(actor) as act:
        act.allow(Verb.BACK_UP)
        facts = made.manifest
        act.append(
            "backup.made",
            {
                "backup": name,
                "events": facts.events,
                "head": facts.head,
                "root": facts.root,
                "files": facts.files,
                "bytes": facts.bytes,
                "manifest_sha256": hashlib.sha256(backup_manifest.text(facts)).hexdigest(),
            },
        )
    return Backup(folder=into / name, manifest=facts, linked=made.linked, notices=made.notices)


def _made(lab: Lab, actor: str, partial: Path, into: Path, name: str, at: str) -> Backup:
    before, known = _last(into, lab.lab_id)
    copy = _Copy(source=lab.folder, target=partial, before=before, known=known)
    # The record first: whatever it names was on disk before it was named.
    copy_record(lab, partial / DATABASE_NAME)
    _count(copy, DATABASE_NAME, backup_manifest.digest(partial / DATABASE_NAME))
    for path, relative in _sources(lab.folder):
        _take(copy, path, relative)
    _close_keys(partial)
    manifest = _manifest(copy, lab, name, actor, at)
    write_durably(partial / SUMS, backup_manifest.sums_text(copy.sums))
    write_durably(partial / MANIFEST, backup_manifest.text(manifest))
    signature = keys.sign(lab, backup_manifest.text(manifest)).hex().encode() + b"\n"
    write_durably(partial / SIGNATURE, signature)
    _flush_folders(partial)
    report = backup_manifest.check(partial)
    if not report.ok:
        raise AuditBrokenError(
            f"the copy does not verify and was not kept: {report.problems[0]}",
            hint="Run `fol audit verify`. Older backups are as they were; the quality manager "
            "must decide.",
        )
    return Backup(folder=partial, manifest=manifest, linked=copy.linked, notices=report.notices)


def _manifest(copy: _Copy, lab: Lab, name: str, actor: str, at: str) -> Manifest:
    inside = look_into(copy.target)
    try:
        with sqlite.translated(inside.store.path):
            row = inside.db.execute("SELECT size, head, frontier FROM log_head").fetchone()
            points = audit.checkpoints(inside)
    finally:
        inside.close()
    return Manifest(
        backup_id=name,
        lab_id=lab.lab_id,
        site=lab.site,
        name=lab.name,
        made_at=at,
        made_by=actor,
        events=int(row[0]),
        head=bytes(row[1]).hex(),
        root=chain.root(bytes(row[2])).hex(),
        checkpoint=max((point.size for point in points), default=0),
        files=len(copy.sums),
        bytes=copy.size,
        sums=hashlib.sha256(backup_manifest.sums_text(copy.sums)).hexdigest(),
    )


def copy_record(lab: Lab, target: Path) -> None:
    """Copy the record as it stands at one moment, writers or not, into one closed file."""
    with sqlite.translated(target):
        copy = sqlite.sqlite3.connect(str(target))
        try:
            lab.db.conn.backup(copy)
            # No companion files: a copy is read from media nobody may write to.
            copy.execute("PRAGMA journal_mode=DELETE")
        finally:
            copy.close()
    target.chmod(0o600)
    with target.open("rb+") as file:
        os.fsync(file.fileno())


def _sources(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield what is copied besides the record: plain files, with their path inside the lab."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith((".", "lab.", "lab-before-schema-")):
            continue
        if path.is_dir() and not path.is_symlink():
            yield from _below(path, folder)
        elif path.is_file() and not path.is_symlink():
            yield path, path.name
        else:
            raise _not_plain(path)


def _below(place: Path, folder: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted(place.iterdir()):
        relative = path.relative_to(folder).as_posix()
        parts = relative.split("/")
        # Hidden: half-written, or a lock. An index: built from the library's record.
        if path.name.startswith(".") or (parts[0] == "libraries" and parts[3:] == ["index"]):
            continue
        try:
            mode = path.lstat().st_mode
            if stat.S_ISDIR(mode):
                yield from _below(path, folder)
                continue
        except FileNotFoundError:
            if parts[0] in _MAY_VANISH:
                continue
            raise
        if not stat.S_ISREG(mode) or not _is_plain_name(relative):
            raise _not_plain(path)
        yield path, relative


def _is_plain_name(relative: str) -> bool:
    return relative.isprintable() and backup_manifest.is_inside(relative)


def _not_plain(path: Path) -> RecordError:
    return RecordError(
        f"{path} is a link, a device or has a name that no file of a lab has; nothing was kept",
        hint="Somebody put it there: look at it, and take it out of the lab folder.",
    )


def _take(copy: _Copy, path: Path, relative: str) -> None:
    """Put one file into the copy: linked with the last backup when its bytes are the same."""
    try:
        sha256 = _hash(path)
        target = copy.target / relative
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not _linked(copy, relative, sha256, target):
            _copied(path, target, sha256)
    except FileNotFoundError:
        if relative.split("/", 1)[0] in _MAY_VANISH and not path.exists():
            return
        raise
    _count(copy, relative, sha256)


def _count(copy: _Copy, relative: str, sha256: str) -> None:
    copy.sums[relative] = sha256
    copy.size += (copy.target / relative).stat().st_size


def _linked(copy: _Copy, relative: str, sha256: str, target: Path) -> bool:
    # Never linked with the live lab: whoever damaged one would damage both.
    if copy.before is None or copy.known.get(relative) != sha256 or relative.startswith("keys/"):
        return False
    earlier = copy.before / relative
    if earlier.is_symlink() or backup_manifest.digest(earlier) != sha256:
        return False  # the older backup has rotted: it must not take this one along
    try:
        target.hardlink_to(earlier)
    except OSError:
        return False  # a file system without hard links, or too many of them
    copy.linked += 1
    return True


def _copied(path: Path, target: Path, sha256: str) -> None:
    with path.open("rb") as source, target.open("xb") as file:
        shutil.copyfileobj(source, file, _CHUNK)
        file.flush()
        os.fsync(file.fileno())
    target.chmod(stat.S_IMODE(path.stat().st_mode))
    if _hash(target) != sha256:
        raise RecordError(
            f"{path} changed while it was copied, or the target disk does not keep what is written",
            hint="Try again; if it happens twice, do not use that disk.",
        )


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _close_keys(partial: Path) -> None:
    private = partial / "keys" / keys.PRIVATE_NAME
    if os.name == "posix" and private.exists() and private.stat().st_mode & 0o077:
        raise ConfigError(
            f"{partial.parent} cannot keep the lab's private key from other accounts",
            hint="Use a file system with permissions, or mount this one with umask=077.",
        )


def _last(into: Path, lab_id: str) -> tuple[Path | None, Mapping[str, str]]:
    """Return this lab's newest backup here and what it lists; none where nothing is readable."""
    for folder in sorted((p for p in into.iterdir() if p.is_dir()), reverse=True):
        if folder.name.startswith(".") or not (folder / MANIFEST).is_file():
            continue
        try:
            manifest = backup_manifest.read(folder)
            if manifest.lab_id == lab_id:
                return folder, backup_manifest.read_sums(folder, manifest)
        except LabError:
            continue
    return None, {}


def _place(lab: Lab, into: Path) -> Path:
    try:
        into = into.resolve()
        own = lab.folder.resolve()
    except (OSError, RuntimeError) as error:
        raise ConfigError(f"{into} is not a usable folder: {error}") from error
    if into == own or own in into.parents:
        raise ConfigError(
            f"{into} is inside the lab it would be a backup of; nothing was written",
            hint="Name a folder on another disk.",
        )
    with _told(into):
        into.mkdir(parents=True, exist_ok=True, mode=0o700)
    return into


@contextmanager
def _told(into: Path) -> Iterator[None]:
    """Say what a folder that cannot be used is like, in place of the system's words."""
    try:
        with sqlite.translated(into):
            yield
    except (errors.DiskFailedError, errors.StorageFullError) as error:
        if str(into) not in error.message:  # it is the lab's own disk, and its own advice holds
            raise
        # The record was only read: what is said of an act in it would send people looking there.
        raise type(error)(
            f"no backup was made: {error.message}",
            hint=f"Check the disk that holds {into}, or name a folder on another; the record and "
            "older backups are as they were.",
        ) from error
    except FileExistsError as error:
        raise ConfigError(f"{into} is not a folder", hint="Name a folder.") from error
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM, errno.ENOTDIR):
            raise ConfigError(
                f"{into} cannot be written: {error.strerror}; no backup was made",
                hint="Choose a folder this account may write to, or remount the disk.",
            ) from error
        raise RecordError(
            f"no backup was made: {error.strerror or error} ({error.filename or into})",
            hint="Check the disk; older backups are as they were.",
        ) from error


@contextmanager
def _one_at_a_time(into: Path) -> Iterator[None]:
    """Hold the folder's lock, which dies with its process."""
    with (into / _LOCK).open("a+b") as file:
        try:
            if sys.platform == "win32":
                import msvcrt

                file.seek(0)
                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError) as error:
            raise BusyError(
                f"another backup into {into} is at work", hint="Wait for it to end."
            ) from error
        yield


def _sweep(into: Path) -> None:
    """Clear away what killed backups left; the lock says none of them is still at work."""
    for left in into.glob(f"{PARTIAL}*"):
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left, ignore_errors=True)


def write_durably(path: Path, data: bytes) -> None:
    """Write a new file and flush it to disk."""
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def flush_folder(folder: Path) -> None:
    """Flush a folder, so that a name survives a power cut."""
    if os.name == "nt":  # a folder cannot be opened there; the rename is journalled
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _flush_folders(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_dir():
            flush_folder(path)
    flush_folder(folder)
