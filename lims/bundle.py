"""One sample's bundle: events with proofs, raw files, reports, and the program that checks them.

The same sample with nothing new on record gives the same bytes. Chosen by `lims.bundle_choice`;
checked, by anybody, with ``verify.py``, which is `lims.bundle_verify` itself.
"""

from __future__ import annotations

import hashlib
import io
import os
import secrets
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from instruments import raw
from lims import (
    audit,
    bundle_text,
    bundle_verify,
    canonical,
    chain,
    events,
    keys,
    queries,
    records,
    sqlite,
)
from lims.act import acting_person
from lims.audit import Checkpoint
from lims.bundle_choice import Choice, choose
from lims.errors import AuditBrokenError, ConfigError, StateError, StorageFullError
from lims.lab import Lab

_MOMENT = (1980, 1, 1, 0, 0, 0)  # the earliest a zip can say: a bundle's bytes hold no clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A written bundle, and what it holds."""

    path: Path
    sample: str
    sha256: str
    size: int
    events: int
    withheld: int
    """Events that name another sample too: proven to be there, their words not shown."""
    files: int
    """Instrument files and photos."""
    log_size: int
    public_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Proven:
    """The chosen events as they stand in the log, and their Merkle paths."""

    canonical: Mapping[int, bytes]
    rows: list[dict[str, Any]]


def write_bundle(lab: Lab, actor: str, sample: str, out: Path) -> Bundle:
    """Write everything about one sample into a zip file that a stranger can check.

    Parameters
    ----------
    lab : Lab
    actor : str
        An active person of the lab; the act is recorded (``bundle.made``).
    sample : str
        Its number, long or short.
    out : Path
        Must not exist; appears whole or not at all.

    Raises
    ------
    NotFoundError, PermissionDenied, StateError
        No such sample; nobody of that id; a hazard notice that nobody has seen.
    AuditBrokenError, CorruptFileError
        The log does not verify, or a raw file is missing or altered: nothing is handed out.
    ConfigError, StorageFullError
        The place cannot be written.
    """
    acting_person(lab.db, actor)
    row = records.sample_row(lab.db, sample)
    if row["unacknowledged"]:
        raise StateError(
            f"a hazard notice of {row['number']} has not been acknowledged; nothing was written",
            hint="See `fol alerts`: the notice comes before the identity.",
        )
    _check_place(out)
    choice = choose(lab.db, row)
    point = _checkpoint(lab, actor, max(choice.full | choice.withheld))
    proven = _proven(lab, choice, point)
    files = _files(lab, row, choice, proven, point)
    data = _zipped(lab, str(row["number"]), files)
    problems = _own_check(data)
    if problems:
        raise AuditBrokenError(
            f"the bundle does not verify and was not written: {problems[0]}",
            hint="Run `fol audit verify`. The quality manager must decide.",
        )
    sha256 = hashlib.sha256(data).hexdigest()
    _write(out, data)
    with lab.writing(actor) as act:
        act.append("bundle.made", {"sample": row["number"], "sha256": sha256, "size": len(data)})
    return Bundle(
        path=out,
        sample=str(row["number"]),
        sha256=sha256,
        size=len(data),
        events=len(choice.full),
        withheld=len(choice.withheld),
        files=len(choice.raw),
        log_size=point.size,
        public_key=lab.public_key.hex(),
    )


def _checkpoint(lab: Lab, actor: str, last: int) -> Checkpoint:
    """Return the first checkpoint that covers all: a later one would change bytes for nothing."""
    for point in audit.checkpoints(lab):
        if point.size >= last:
            return point
    return audit.checkpoint(lab, actor)


def _proven(lab: Lab, choice: Choice, point: Checkpoint) -> _Proven:
    leaves: list[bytes] = []
    kept: dict[int, tuple[Any, ...]] = {}
    wanted = choice.full | choice.withheld
    with sqlite.translated(lab.store.path):
        for row in events.everything(lab.db):
            if len(leaves) == point.size:
                break
            leaves.append(chain.leaf_hash(canonical_event(lab.lab_id, row)))
            if row[0] in wanted:
                kept[int(row[0])] = row
    if len(leaves) != point.size or chain.merkle_root(leaves) != point.root:
        raise AuditBrokenError(
            f"the log is not the one that was signed at {point.size} events",
            hint="Stop work and run `fol audit verify`.",
        )
    paths = inclusion_paths(leaves, [seq - 1 for seq in sorted(kept)])
    rows = [
        {
            "seq": seq,
            "leaf": leaves[seq - 1].hex(),
            "prev": bytes(kept[seq][7]).hex(),
            "hash": bytes(kept[seq][8]).hex(),
            "path": [step.hex() for step in path],
            "withheld": seq in choice.withheld,
        }
        for seq, path in zip(sorted(kept), paths, strict=True)
    ]
    shown = {seq: canonical_event(lab.lab_id, kept[seq]) for seq in sorted(choice.full)}
    return _Proven(canonical=shown, rows=rows)


def canonical_event(lab_id: str, row: tuple[Any, ...]) -> bytes:
    """Return the canonical JSON that an event's leaf is the hash of."""
    seq, event_id, at, actor, kind, body, key = row[:7]
    return canonical.dumps(
        {
            "seq": seq,
            "event_id": event_id,
            "at": at,
            "actor": actor,
            "kind": kind,
            "body": canonical.parsed(body),
            "key": key,
            "lab": lab_id,
        }
    )


def inclusion_paths(leaves: Sequence[bytes], wanted: Sequence[int]) -> list[list[bytes]]:
    """Return the RFC 6962 audit path of each wanted leaf (from 0), nearest sibling first."""
    paths: list[list[bytes]] = [[] for _ in wanted]
    places = list(wanted)
    level = list(leaves)
    while len(level) > 1:
        for path, place in zip(paths, places, strict=True):
            if place ^ 1 < len(level):
                path.append(level[place ^ 1])
        places = [place >> 1 for place in places]
        # An odd last node goes up as it is: RFC 6962 splits at the largest power of two.
        paired = [chain.node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = paired + level[len(paired) * 2 :]
    return paths


def _files(
    lab: Lab, row: Mapping[str, Any], choice: Choice, proven: _Proven, point: Checkpoint
) -> dict[str, bytes]:
    files = {f"events/{seq:09d}.json": data for seq, data in proven.canonical.items()}
    for sha256, place in choice.raw.items():
        files[f"{place}/{sha256}"] = raw.fetch(lab.folder / place, sha256)
    for report in choice.reports:
        if report.body is not None:
            files[f"reports/{report.sha256}"] = report.body
    proofs = {
        "checkpoint": {
            "size": point.size,
            "root": point.root.hex(),
            "head": point.head.hex(),
            "fingerprint": point.fingerprint,
            "at": point.at,
            "signature": point.signature.hex(),
        },
        "events": proven.rows,
    }
    files[bundle_verify.PROOFS] = canonical.dumps(proofs) + b"\n"
    record = queries.sample_record(lab, str(row["number"]))
    files["summary.txt"] = bundle_text.summary(lab, record, choice, proven.canonical).encode()
    files["README.txt"] = bundle_text.readme(lab, record.sample.number, point.size).encode()
    files["verify.py"] = resources.files("lims").joinpath("bundle_verify.py").read_bytes()
    return files


def _zipped(lab: Lab, number: str, files: Mapping[str, bytes]) -> bytes:
    listed = [
        {"path": path, "sha256": hashlib.sha256(files[path]).hexdigest(), "size": len(files[path])}
        for path in sorted(files)
    ]
    manifest = canonical.dumps(
        {
            "schema": bundle_verify.SCHEMA,
            "sample": number,
            "lab": {
                "lab_id": lab.lab_id,
                "site": lab.site,
                "name": lab.name,
                "training": lab.training,
            },
            "public_key": lab.public_key.hex(),
            "files": listed,
        }
    )
    signature = keys.sign(lab, manifest).hex().encode() + b"\n"
    whole = {**files, bundle_verify.MANIFEST: manifest, bundle_verify.SIGNATURE: signature}
    target = io.BytesIO()
    # Stored, not packed: what a compressor makes of the same bytes changes with its version.
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as packed:
        for path in sorted(whole):
            member = zipfile.ZipInfo(path, _MOMENT)
            member.create_system = 3
            member.external_attr = 0o644 << 16
            packed.writestr(member, whole[path])
    return target.getvalue()


def _own_check(data: bytes) -> list[str]:
    return bundle_verify.check(io.BytesIO(data))[0]


def _check_place(out: Path) -> None:
    if out.exists() or out.is_symlink():
        raise ConfigError(f"{out} is there already; nothing was written", hint="Name a new file.")
    if not out.parent.is_dir():
        raise ConfigError(f"there is no folder {out.parent}", hint="Make it first.")


def _write(out: Path, data: bytes) -> None:
    partial = out.with_name(f".{out.name}-{secrets.token_hex(4)}")
    try:
        with sqlite.translated(out):
            with partial.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            partial.rename(out)
    except StorageFullError:
        raise
    except OSError as error:
        raise ConfigError(
            f"{out} cannot be written: {error.strerror or error}", hint="Choose another folder."
        ) from error
    finally:
        with suppress(OSError):  # a read-only disk refuses this too, and has been told
            partial.unlink(missing_ok=True)
