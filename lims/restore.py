"""A lab from its backup: checked first, copied beside its place, verified, marked, then named.

What was recorded after the backup is not in it; the mark in the log (``lab.restored``) and a fresh
signed checkpoint make a log that goes on from there tell itself apart from the one that was lost.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from lims import (
    audit,
    backup,
    backup_manifest,
    checkpoints,
    credentials,
    keys,
    records,
    sqlite,
    workflow,
)
from lims.act import acting_person
from lims.backup_manifest import BackupReport, Manifest
from lims.door import at_the_door
from lims.errors import AuditBrokenError, ConfigError, RecordError
from lims.lab import DATABASE_NAME, FOLDERS, Lab, open_lab
from lims.workflow import Verb

_HEAD = re.compile(r"[0-9a-f]{16,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """A restored lab and how it stands to what was known elsewhere."""

    folder: Path
    manifest: Manifest
    known_head: str
    """The head somebody else holds (headquarters, a printed report), or empty."""
    known_event: int
    """The event that head belongs to, 0 where the backup does not hold it."""
    notices: tuple[str, ...]

    @property
    def lost(self) -> bool:
        """Whether the head known elsewhere proves that events after the backup are missing."""
        return bool(self.known_head) and not self.known_event


def restore(source: Path, to: Path, actor: str, *, known_head: str = "") -> Restored:
    """Restore a backup into a new lab folder.

    Parameters
    ----------
    source : Path
        A folder that `lims.backup.back_up` made.
    to : Path
        Must not exist, or be empty.
    actor : str
        A person of the restored record who may back up and restore.
    known_head : str
        Head of the log as headquarters or a printed report has it: 16 to 64 hex digits.

    Raises
    ------
    AuditBrokenError
        The backup is altered or incomplete, or the restored record does not verify.
    ConfigError, PermissionDenied, StorageFullError
        The target cannot be used; the person may not; the disk is full. Nothing stays.
    """
    known_head = _head(known_head)
    source, to = _places(source, to)
    report = require_whole(source)
    partial = to.parent / f".restoring-{secrets.token_hex(4)}"
    try:
        with sqlite.translated(to):
            _copy(source, partial, report)
            restored = _marked(partial, actor, report, known_head)
            if to.is_dir():
                to.rmdir()
            partial.rename(to)
            backup.flush_folder(to.parent)
    except OSError as error:
        raise ConfigError(
            f"{to} cannot be made a lab: {error.strerror or error}; nothing was restored",
            hint="Choose a folder this account may write to.",
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return Restored(
        folder=to,
        manifest=restored[0],
        known_head=known_head,
        known_event=restored[1],
        notices=report.notices,
    )


def require_whole(source: Path) -> BackupReport:
    """Return the report of a backup's check when all is well.

    Raises
    ------
    AuditBrokenError
        Naming what is wrong.
    ConfigError
        There is no backup.
    """
    report = backup_manifest.check(source)
    if report.manifest is None and not (source / backup_manifest.MANIFEST).is_file():
        backup_manifest.read(source)
    if not report.ok:
        named = "; ".join(report.problems[:5])
        more = f" (and {len(report.problems) - 5} more)" if len(report.problems) > 5 else ""
        raise AuditBrokenError(
            f"the backup is not whole, nothing was restored: {named}{more}",
            hint="`fol restore BACKUP --check` names everything. Use an older backup.",
        )
    return report


def _places(source: Path, to: Path) -> tuple[Path, Path]:
    try:
        source, to = source.resolve(), to.resolve()
        taken = to.exists() and (not to.is_dir() or any(to.iterdir()))
    except (OSError, RuntimeError) as error:
        raise ConfigError(f"{to} is not a usable folder: {error}") from error
    if taken:
        raise ConfigError(
            f"{to} is not empty; nothing was changed",
            hint="A restored lab needs a folder of its own. Move the old one away, never mix them.",
        )
    if to == source or source in to.parents:
        raise ConfigError(f"{to} is inside the backup; nothing was changed")
    return source, to


def _head(text: str) -> str:
    head = text.strip().lower()
    if head and not _HEAD.fullmatch(head):
        raise ConfigError(
            f"{text[:70]!r} is not the head of a log",
            hint="16 to 64 hex digits, as `fol audit verify` and the daily report print them.",
        )
    return head


def _copy(source: Path, partial: Path, report: BackupReport) -> None:
    """Copy the listed files, and hash what was written: disks lie."""
    if report.manifest is None:
        raise AuditBrokenError("the backup does not say what it holds")
    sums = backup_manifest.read_sums(source, report.manifest)
    partial.parent.mkdir(parents=True, exist_ok=True)
    partial.mkdir(mode=0o700)
    for name in FOLDERS:
        (partial / name).mkdir(mode=0o700 if name == "keys" else 0o777)
    for relative, sha256 in sums.items():
        target = partial / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / relative, target, follow_symlinks=False)
        target.chmod(_mode(source / relative, relative))
        if target.is_symlink() or backup_manifest.digest(target) != sha256:
            raise RecordError(
                f"{relative} changed while it was copied, or this disk does not keep what is "
                "written",
                hint="Nothing was restored. Try another disk.",
            )
    partial.chmod(0o755)


def _mode(path: Path, relative: str) -> int:
    if relative == f"keys/{keys.PRIVATE_NAME}":
        return 0o600
    if relative == DATABASE_NAME:
        return 0o644
    return stat.S_IMODE(path.stat().st_mode) & 0o755


def _marked(
    partial: Path, actor: str, report: BackupReport, known_head: str
) -> tuple[Manifest, int]:
    """Verify the copy as a working lab and write the mark into its log."""
    manifest = report.manifest
    if manifest is None:
        raise AuditBrokenError("the backup does not say what it holds")
    lab = open_lab(partial)
    try:
        whole = audit.require_whole(lab)
        if (whole.events, whole.head) != (manifest.events, manifest.head):
            raise AuditBrokenError(
                f"the restored log ends at event {whole.events}, the manifest says "
                f"{manifest.events}"
            )
        workflow.require(acting_person(lab.db, actor), Verb.BACK_UP)
        known = _event_of(lab, known_head)
        # Nobody can be signed in at a lab that is only being made; its sessions end with the copy.
        with at_the_door(lab, actor) as act:
            act.allow(Verb.BACK_UP)
            act.append(
                "lab.restored",
                {
                    "backup": manifest.backup_id,
                    "backup_made_at": manifest.made_at,
                    "events": manifest.events,
                    "head": manifest.head,
                    "manifest_sha256": hashlib.sha256(backup_manifest.text(manifest)).hexdigest(),
                    "known_head": known_head,
                    "known_event": known,
                },
            )
            for row in records.rows(act.db, "SELECT DISTINCT person FROM session ORDER BY person"):
                credentials.close_sessions(act, row["person"], "the lab was restored")
        with at_the_door(lab, actor) as act:
            checkpoints.made(act)
    finally:
        lab.close()
    return manifest, known


def _event_of(lab: Lab, head: str) -> int:
    if not head:
        return 0
    low, high = bytes.fromhex(head.ljust(64, "0")), bytes.fromhex(head.ljust(64, "f"))
    found = records.rows(lab.db, "SELECT seq FROM event WHERE hash BETWEEN ? AND ?", low, high)
    return int(found[0]["seq"]) if len(found) == 1 else 0
