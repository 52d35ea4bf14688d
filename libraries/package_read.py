"""A signed library package read back, trusting nothing in it before its signature was checked.

Opens bytes only; whether the signer is trusted and how the release fits those before it is decided
by the caller, between `opened` and `drafts`.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from libraries import catalog, package
from libraries.entry import EntryDraft, Identity, Section, Tandem
from libraries.errors import LibraryError
from libraries.package import Contents, Issuer, LeftOut, Link
from libraries.provenance import Provenance
from spectra.axis import XKind, YKind

Verify = Callable[[bytes, bytes, bytes], bool]
"""(public key, data, signature) -> whether it was made with that key."""

_SHA256 = re.compile(r"[0-9a-f]{64}")
_KEYS = frozenset(
    (
        "schema", "library", "version", "licence", "training", "created_at", "software", "site",
        "lab", "public_key", "fingerprint", "sequence", "previous", "entries", "files", "left_out",
    )
)  # fmt: skip
_LINE_KEYS = frozenset(
    (
        "identity", "provenance", "section", "axes", "ionization", "retention_index", "sampling",
        "points", "record_hash",
    )
)  # fmt: skip
_LARGEST = 1e9
_AGAIN = "Ask the lab that sent it to release it again; do not use this file."


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A package whose signature fits the key it carries, and whose files are those it names.

    ``sha256`` is of the manifest.
    """

    contents: Contents
    issuer: Issuer
    fingerprint: str
    link: Link
    sha256: str
    entries: int
    left_out: tuple[LeftOut, ...]
    lines: bytes
    numbers: bytes


def read(path: Path) -> bytes:
    """Return the bytes of a package file.

    Raises
    ------
    LibraryError
        It cannot be opened or is larger than any package.
    """
    try:
        size = path.stat().st_size
        if not path.is_file() or size > package.MAX_FILE:
            raise LibraryError(
                f"{path.name[:80]!r} is not a library package",
                hint=f"One file of at most {package.MAX_FILE >> 20} MB is expected.",
            )
        with path.open("rb") as file:
            data = file.read(package.MAX_FILE + 1)
    except OSError as fault:
        raise LibraryError(
            f"{path.name[:80]!r} cannot be opened: {fault.strerror or fault}",
            hint="Check the name and that this account may read it.",
        ) from fault
    if len(data) > package.MAX_FILE:
        raise LibraryError(f"{path.name[:80]!r} grew while it was read", hint=_AGAIN)
    return data


def opened(data: bytes, verify: Verify) -> Opened:
    """Return what a package says, once its own signature and hashes have been found to fit.

    That says nothing of whether its signer is to be trusted.

    Raises
    ------
    LibraryError
        Not a package, altered, damaged, or not signed by the key it carries.
    """
    parts = _members(data)
    manifest = parts[package.MANIFEST]
    said = _object(package.strict_json(manifest, "the manifest"), _KEYS, "the manifest")
    if said["schema"] != package.SCHEMA:
        raise LibraryError(
            f"a package of the form {str(said['schema'])[:60]!r}; this software reads "
            f"{package.SCHEMA}",
            hint="Update this software, or ask for an older form.",
        )
    key = _public_key(said)
    if not verify(key, package.signed_bytes(manifest), parts[package.SIGNATURE]):
        raise LibraryError("the package's signature does not fit its contents", hint=_AGAIN)
    if package.canonical(said) != manifest:
        raise LibraryError("the manifest is not in its one spelling", hint=_AGAIN)
    if said["fingerprint"] != package.fingerprint(key):
        raise LibraryError("the package names a fingerprint that is not its key's", hint=_AGAIN)
    _check_files(said["files"], parts)
    return Opened(
        contents=_contents(said),
        issuer=Issuer(site=_text(said, "site"), name=_text(said, "lab"), public_key=key),
        fingerprint=package.fingerprint(key),
        link=_link(said),
        sha256=hashlib.sha256(manifest).hexdigest(),
        entries=_count(said, "entries", package.MAX_ENTRIES),
        left_out=_left_out(said["left_out"]),
        lines=parts[package.ENTRIES],
        numbers=parts[package.NUMBERS],
    )


def drafts(found: Opened) -> Iterator[EntryDraft]:
    """Yield every entry, each checked against the hash the sender's library gave it.

    Raises
    ------
    LibraryError
        An entry does not give its hash, stands twice, or the counts do not fit.
    """
    lines = found.lines.split(b"\n")
    if lines.pop() or len(lines) != found.entries:
        raise _wrong(f"it names {found.entries} entries and holds {len(lines)}")
    at, before = 0, ""
    for number, line in enumerate(lines, start=1):
        if len(line) > package.MAX_LINE:
            raise _wrong(f"entry {number} is a line of {len(line)} bytes")
        said = _line(package.strict_json(line, f"entry {number}"), f"entry {number}")
        size = 8 * _count(said, "points", package.MAX_POINTS)
        if 2 * size > len(found.numbers) - at:
            raise _wrong(f"entry {number} has more points than the package holds")
        x, y = (
            np.frombuffer(found.numbers, dtype="<f8", count=size // 8, offset=at + part * size)
            for part in (0, 1)
        )
        at += 2 * size
        draft = _draft(said, x.astype(np.float64), y.astype(np.float64), number)
        sealed = str(said["record_hash"])
        if draft.record_hash() != sealed:
            raise _wrong(f"entry {number} ({draft.identity.name[:60]}) does not give its own hash")
        if sealed <= before:
            raise _wrong(f"entry {number} stands twice or out of order")
        before = sealed
        yield draft
    if at != len(found.numbers):
        raise _wrong(f"{len(found.numbers) - at} bytes of numbers belong to no entry")


def _line(value: object, what: str) -> dict[str, Any]:
    """Return the facts of one entry; those of an MS/MS spectrum say how its ions were made."""
    is_tandem = isinstance(value, dict) and value.get("section") == Section.MSMS
    return _object(value, _LINE_KEYS | {"tandem"} if is_tandem else _LINE_KEYS, what)


def _wrong(what: str) -> LibraryError:
    return LibraryError(f"the package contradicts itself: {what}", hint=_AGAIN)


def _members(data: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            names = sorted(info.filename[:80] for info in infos)
            if names != sorted(package.MEMBERS):
                raise _wrong(f"its members are {', '.join(names[:6]) or 'none'}")
            # Stored only: what is inside is never larger than the file that was looked at.
            if any(info.compress_type or info.flag_bits & 1 for info in infos):
                raise _wrong("a member is compressed or encrypted")
            if sum(info.file_size for info in infos) > len(data):
                raise _wrong("its members are larger than itself")
            parts = {info.filename: archive.read(info) for info in infos}
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as fault:
        raise LibraryError(
            f"not a library package, or a damaged one: {str(fault)[:100]}", hint=_AGAIN
        ) from fault
    except (ValueError, RuntimeError, OverflowError) as fault:
        raise LibraryError("not a library package: its directory is broken", hint=_AGAIN) from fault
    if len(parts[package.MANIFEST]) > package.MAX_MANIFEST:
        raise _wrong("its manifest is too long")
    return parts


def _check_files(said: object, parts: dict[str, bytes]) -> None:
    named = _object(said, frozenset((package.ENTRIES, package.NUMBERS)), "the list of files")
    for name, stated in named.items():
        facts = _object(stated, frozenset(("size", "sha256")), f"the facts of {name}")
        found = parts[name]
        if (facts["size"], facts["sha256"]) != (len(found), hashlib.sha256(found).hexdigest()):
            raise LibraryError(f"{name} is not what was signed", hint=_AGAIN)


def _object(value: object, keys: frozenset[str], what: str) -> dict[str, Any]:
    if not isinstance(value, dict) or set(value) != keys:
        raise LibraryError(f"{what} does not hold what a package of this form holds", hint=_AGAIN)
    return value


def _text(said: dict[str, Any], name: str, *, limit: int = package.MAX_TEXT) -> str:
    value = said[name]
    if not isinstance(value, str) or len(value) > limit or not package.is_line(value):
        raise LibraryError(f"{name} of the package is not a line of plain text", hint=_AGAIN)
    return value


def _count(said: dict[str, Any], name: str, most: int) -> int:
    value = said[name]
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= most:
        raise LibraryError(f"{name} of the package is not a number from 1 to {most}", hint=_AGAIN)
    return value


def _public_key(said: dict[str, Any]) -> bytes:
    text = said["public_key"]
    if not isinstance(text, str) or not _SHA256.fullmatch(text):
        raise LibraryError("the package carries no key", hint=_AGAIN)
    return bytes.fromhex(text)


def _contents(said: dict[str, Any]) -> Contents:
    if not isinstance(said["training"], bool):
        raise _wrong("training is neither true nor false")
    return Contents(
        library=catalog.check_name(_text(said, "library")),
        version=catalog.check_name(_text(said, "version"), "library version"),
        licence=_text(said, "licence"),
        training=said["training"],
        created_at=_text(said, "created_at", limit=40),
        software=_text(said, "software", limit=200),
    )


def _link(said: dict[str, Any]) -> Link:
    before = _object(said["previous"], frozenset(("version", "sha256")), "the release before")
    sequence = _count(said, "sequence", 10**6)
    version, sha256 = _text(before, "version", limit=64), _text(before, "sha256", limit=64)
    is_first = sequence == 1
    if is_first != (not version and not sha256) or (sha256 and not _SHA256.fullmatch(sha256)):
        raise _wrong(f"release {sequence} with the release before {version[:20]!r}")
    return Link(sequence=sequence, previous_version=version, previous_sha256=sha256)


def _left_out(said: object) -> tuple[LeftOut, ...]:
    if not isinstance(said, list) or len(said) > package.MAX_ENTRIES:
        raise _wrong("its list of what was left out is none")
    keys = frozenset(("id", "name", "licence", "reason"))
    rows = [_object(each, keys, "an entry left out") for each in said]
    return tuple(LeftOut(**{name: _text(row, name) for name in keys}) for row in rows)


def _draft(said: dict[str, Any], x: Any, y: Any, number: int) -> EntryDraft:
    what = f"entry {number}"
    who = _object(said["identity"], frozenset(package.IDENTITY), f"the identity of {what}")
    origin = _object(said["provenance"], frozenset(package.PROVENANCE), f"the origin of {what}")
    axes = said["axes"]
    if not isinstance(axes, list) or len(axes) != 4 or not all(isinstance(a, str) for a in axes):
        raise _wrong(f"{what} has no axes")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise _wrong(f"{what} holds points that are not numbers")
    try:
        kinds = Section(said["section"]), XKind(axes[0]), YKind(axes[2])
    except ValueError as unknown:
        raise _wrong(f"{what}: {unknown}") from unknown
    section, x_kind, y_kind = kinds
    if section.is_mass is not (x_kind is XKind.MZ):
        raise _wrong(f"{what} is {section.value} over {x_kind.value}")
    if section.is_mass and not ((x > 0).all() and (y >= 0).all() and (y > 0).any()):
        raise _wrong(f"{what} holds peaks below zero, or none")
    return EntryDraft(
        identity=Identity(**{name: _value(who, name) for name in package.IDENTITY}),
        section=section,
        x=x,
        y=y,
        x_kind=x_kind,
        x_unit=_text({"unit": axes[1]}, "unit", limit=40),
        y_kind=y_kind,
        y_unit=_text({"unit": axes[3]}, "unit", limit=40),
        provenance=Provenance(**{name: _value(origin, name) for name in package.PROVENANCE}),
        ionization=_text(said, "ionization", limit=100),
        retention_index=_value(said, "retention_index"),
        sampling=_text(said, "sampling"),
        tandem=_tandem(said, what) if section.is_tandem else None,
    )


def _tandem(said: dict[str, Any], what: str) -> Tandem:
    facts = _object(said["tandem"], frozenset(package.TANDEM), f"the precursor of {what}")
    found = Tandem(**{name: _value(facts, name) for name in package.TANDEM})
    has_precursor = facts["precursor_mz"] is not None and found.precursor_mz > 0
    if not has_precursor or found.polarity not in ("", "+", "-"):
        raise _wrong(f"{what} has no precursor that can be")
    return found


def _value(said: dict[str, Any], name: str) -> Any:
    """Return a fact of an entry; canonical JSON spells a whole double like a whole number."""
    if name not in package.NUMERIC:
        return _text(said, name)
    value = said[name]
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(f"{name} is no number")
    if not abs(value) < _LARGEST:
        raise _wrong(f"{name} is no number that can be")
    return float(value)
