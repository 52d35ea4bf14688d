"""What a backup says of itself, and the check that it is so: every file, the signature, the record.

``SHA256SUMS`` lists every file as ``sha256sum`` writes it, so that a stock tool can check it too;
``manifest.json`` holds its digest and where the log stood; ``manifest.sig`` is the lab's signature.
"""

from __future__ import annotations

import hashlib
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lims import audit, canonical, keys, lab, records, sqlite
from lims.errors import ConfigError, RecordError
from lims.lab import Lab
from spectra.errors import LabError

SCHEMA = "fol.backup/1"
MANIFEST, SIGNATURE, SUMS = "manifest.json", "manifest.sig", "SHA256SUMS"
OWN_FILES = frozenset((MANIFEST, SIGNATURE, SUMS))
PROBLEMS_SHOWN = 200
_LARGEST_MANIFEST = 65_536
_LARGEST_SUMS = 512 * 1024 * 1024
_LINE = re.compile(r"([0-9a-f]{64})  ([^\x00-\x1f\\]+)")
_NUMBERS = ("events", "files", "bytes")
_TEXTS = ("backup_id", "lab_id", "site", "name", "made_at", "made_by", "head", "root", "sums")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup says: whose it is, when it was made, and where the log stood."""

    backup_id: str
    lab_id: str
    site: str
    name: str
    made_at: str
    made_by: str
    events: int
    head: str
    """Hash of the last event in the copy, hex."""
    root: str
    """RFC 6962 root over the events in the copy, hex."""
    checkpoint: int
    """Size of the log that the newest signed checkpoint in the copy covers, 0 for none."""
    files: int
    bytes: int
    sums: str
    """SHA-256 of ``SHA256SUMS``, hex."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupReport:
    """What a check of a backup found; ``problems`` is empty exactly when ``ok``."""

    ok: bool
    folder: Path
    manifest: Manifest | None
    problems: tuple[str, ...]
    notices: tuple[str, ...] = ()


def text(manifest: Manifest) -> bytes:
    """Return the bytes of ``manifest.json``, which the signature covers."""
    facts = {name: getattr(manifest, name) for name in Manifest.__dataclass_fields__}
    return canonical.dumps({"schema": SCHEMA, **facts}) + b"\n"


def sums_text(sums: Mapping[str, str]) -> bytes:
    """Return the bytes of ``SHA256SUMS`` for SHA-256 by relative path."""
    return "".join(f"{sums[path]}  {path}\n" for path in sorted(sums)).encode()


def check(folder: Path) -> BackupReport:
    """Check a backup whole and name what is wrong; nothing in it is changed.

    Every listed file is hashed, every unlisted one named; the signature must be the lab's own; the
    copied record is opened unchangeable and verified, and must end where the manifest says.
    """
    problems: list[str] = []
    notices: list[str] = []
    try:
        manifest = read(folder)
        sums = read_sums(folder, manifest)
    except LabError as error:
        return BackupReport(ok=False, folder=folder, manifest=None, problems=(error.message,))
    problems += file_problems(folder, sums)
    if len(sums) != manifest.files:
        problems.append(f"{manifest.files} files were copied, {len(sums)} are listed")
    if lab.DATABASE_NAME in sums:
        problems += _record_problems(folder, manifest, sums, notices)
    else:
        problems.append(f"{lab.DATABASE_NAME} is not among the listed files")
    shown = problems[:PROBLEMS_SHOWN]
    if len(problems) > PROBLEMS_SHOWN:
        shown.append(f"and {len(problems) - PROBLEMS_SHOWN} more problems")
    return BackupReport(
        ok=not problems,
        folder=folder,
        manifest=manifest,
        problems=tuple(shown),
        notices=tuple(notices),
    )


def read(folder: Path) -> Manifest:
    """Return what a backup says of itself.

    Raises
    ------
    ConfigError
        The folder is not a backup, or one that was never finished.
    RecordError
        The manifest is damaged or of another version.
    """
    if not folder.is_dir():
        raise ConfigError(f"there is no backup at {folder}", hint="Name a folder of `fol backup`.")
    if not (folder / MANIFEST).is_file():
        raise ConfigError(
            f"{folder} is not a finished backup: it has no {MANIFEST}",
            hint="A backup that was interrupted is not one. Name a folder of `fol backup`.",
        )
    try:
        said = canonical.loads(_bytes(folder / MANIFEST, _LARGEST_MANIFEST))
    except RecordError as error:
        raise RecordError(f"{MANIFEST} was altered: {error.message}") from error
    if not isinstance(said, dict) or said.get("schema") != SCHEMA:
        raise RecordError(f"{MANIFEST} was altered, or is of another version than {SCHEMA}")
    facts: dict[str, Any] = {name: said.get(name) for name in Manifest.__dataclass_fields__}
    for name in (*_NUMBERS, "checkpoint"):
        if type(facts[name]) is not int or facts[name] < 0:
            raise RecordError(f"{MANIFEST} was altered: {name} is not a number")
    for name in _TEXTS:
        if not isinstance(facts[name], str):
            raise RecordError(f"{MANIFEST} was altered: {name} is not text")
    return Manifest(**facts)


def read_sums(folder: Path, manifest: Manifest) -> dict[str, str]:
    """Return SHA-256 by relative path, as listed.

    Raises
    ------
    RecordError
        The list is missing, altered, or names a place outside the backup.
    """
    data = _bytes(folder / SUMS, _LARGEST_SUMS)
    if hashlib.sha256(data).hexdigest() != manifest.sums:
        raise RecordError(f"{SUMS} is not the list that {MANIFEST} names: one was altered")
    found: dict[str, str] = {}
    for number, row in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        parts = _LINE.fullmatch(row)
        if parts is None or not is_inside(parts[2]) or parts[2] in found:
            raise RecordError(f"{SUMS} line {number} does not name one file of the backup")
        found[parts[2]] = parts[1]
    return found


def is_inside(path: str) -> bool:
    """Whether a listed path stays inside the folder it is relative to, on every system."""
    return not re.search(r"[:\\]|^/", path) and not {"", ".", ".."} & set(path.split("/"))


def file_problems(folder: Path, sums: Mapping[str, str]) -> list[str]:
    """Return what is missing, altered, added or not a plain file."""
    problems: list[str] = []
    there: set[str] = set()
    for path, mode in entries(folder):
        name = path.relative_to(folder).as_posix()
        if name in OWN_FILES and stat.S_ISREG(mode):
            continue
        there.add(name)
        if not stat.S_ISREG(mode):
            problems.append(f"{name} is not a plain file")
        elif name not in sums:
            problems.append(f"{name} was added: it is not in {SUMS}")
        elif (found := digest(path)) != sums[name]:
            problems.append(f"{name} {'was altered' if found else 'cannot be read'}")
    problems += [f"{name} is missing" for name in sorted(sums.keys() - there)]
    return sorted(problems)


def entries(folder: Path) -> Iterator[tuple[Path, int]]:
    """Yield everything below a folder that is not a folder, with its mode, links not followed."""
    waiting = [folder]
    while waiting:
        for path in sorted(waiting.pop().iterdir()):
            mode = path.lstat().st_mode
            if stat.S_ISDIR(mode):
                waiting.append(path)
            else:
                yield path, mode


def digest(path: Path) -> str:
    """Return a file's SHA-256, hex; empty where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _record_problems(
    folder: Path, manifest: Manifest, sums: Mapping[str, str], notices: list[str]
) -> list[str]:
    try:
        copy = lab.look_into(folder)
    except LabError as error:
        return [f"the copied record cannot be opened: {error.message}"]
    try:
        older = _is_older(copy)
        if older:
            notices.append(
                "the copy is from older software; restoring brings it up and verifies it"
            )
            return _identity_problems(folder, copy, manifest)
        report = audit.verify(copy, files=False)
        problems = [f"the copied record: {problem}" for problem in report.problems]
        if (report.events, report.head, report.root) != (
            manifest.events,
            manifest.head,
            manifest.root,
        ):
            problems.append(
                f"the copied record ends at event {report.events}, head {report.head[:16]}; the "
                f"manifest says {manifest.events}, {manifest.head[:16]}"
            )
        notices += report.notices
        return problems + _identity_problems(folder, copy, manifest) + _unlisted(copy, sums)
    except LabError as error:
        return [f"the copied record cannot be read: {error.message}"]
    finally:
        copy.close()


def _is_older(copy: Lab) -> bool:
    from lims import migrate

    with sqlite.translated(copy.store.path):
        found = migrate.version_of(copy.db)
    if found > migrate.latest():
        raise ConfigError(
            f"the copy was written by newer software (schema {found}; this one knows "
            f"{migrate.latest()})",
            hint="Install the newer version of fol-lims on this computer.",
        )
    return found < migrate.latest()


def _identity_problems(folder: Path, copy: Lab, manifest: Manifest) -> list[str]:
    problems = []
    if copy.lab_id != manifest.lab_id:
        problems.append("the copied record is another lab's than the manifest names")
    written = re.fullmatch(rb"([0-9a-f]{128})\n", _bytes(folder / SIGNATURE, 4096))
    signature = bytes.fromhex(written[1].decode("ascii")) if written else b""
    if not keys.verify(copy.public_key, _bytes(folder / MANIFEST, _LARGEST_MANIFEST), signature):
        problems.append(f"{MANIFEST} or {SIGNATURE} was altered: not this lab's signature")
    return problems


def _unlisted(copy: Lab, sums: Mapping[str, str]) -> list[str]:
    """Return which files the record names and the backup does not hold under their own hash."""
    problems: dict[str, None] = {}
    with sqlite.translated(copy.store.path):
        for table, folder, column in audit.FILES_NAMED:
            for row in records.rows(
                copy.db, f"SELECT {column} AS owner, raw_sha256 AS sha256 FROM {table}"
            ):
                sha256 = str(row["sha256"])
                if sums.get(f"{folder}/{sha256[:2]}/{sha256[2:4]}/{sha256}") != sha256:
                    problems[f"the file of {table} {row['owner']} ({sha256[:12]}…) is missing"] = (
                        None
                    )
    return list(problems)


def _bytes(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise RecordError(f"{path.name} cannot be read: {error.strerror or error}") from error
    if len(data) > limit:
        raise RecordError(f"{path.name} is larger than {limit} bytes: not written by fol")
    return data
