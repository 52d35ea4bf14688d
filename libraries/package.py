"""A library version as one file for other labs: entries, numbers, a manifest, one signature.

The same version gives the same bytes. What signs and who is trusted is for the caller to know; an
index is never packed, since the receiver builds and calibrates its own.
"""

from __future__ import annotations

import hashlib
import io
import json
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from libraries.entry import Entry, EntryDraft, Identity, Tandem
from libraries.errors import LibraryError
from libraries.licences import why_not_shared
from libraries.provenance import Provenance

SCHEMA = "fol.library-package/1"
SUFFIX = ".folpkg"
MANIFEST, SIGNATURE, ENTRIES, NUMBERS = "manifest.json", "signature", "entries.jsonl", "numbers.bin"
MEMBERS = (MANIFEST, SIGNATURE, ENTRIES, NUMBERS)
MAX_ENTRIES = 500_000
MAX_FILE = 1 << 30
MAX_MANIFEST = 16 << 20
MAX_LINE = 64 << 10
MAX_TEXT = 4_000
MAX_POINTS = 1_000_000

# The lab's key signs reports and checkpoints too: without a word of its own in front, a signature
# over one kind of document could be shown as one over another.
_DOMAIN = b"fol.library-package/1\n"
# Joiners that Persian, Indic and emoji text cannot be written without are not tricks.
_JOINERS = "\u200c\u200d"
_HIDDEN = frozenset(("Cc", "Cf", "Cs", "Co"))
_EPOCH = (1980, 1, 1, 0, 0, 0)
_FINGERPRINT_DIGITS = 40

IDENTITY = tuple(each.name for each in fields(Identity))
PROVENANCE = tuple(each.name for each in fields(Provenance))
TANDEM = tuple(each.name for each in fields(Tandem))
NUMERIC = frozenset(("molecular_mass", "retention_index", "precursor_mz"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """The lab that releases."""

    site: str
    name: str
    public_key: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A place in the chain of releases of one library.

    Parameters
    ----------
    sequence : int
        From 1, without gaps.
    previous_version, previous_sha256 : str
        The release before: its version, and the SHA-256 (hex) of its manifest. Empty for the first.
    """

    sequence: int
    previous_version: str = ""
    previous_sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a release says of itself besides its entries."""

    library: str
    version: str
    licence: str
    training: bool
    created_at: str
    software: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """An entry that stays at home, and why."""

    id: str
    name: str
    licence: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A finished package.

    ``sha256`` is of the manifest, and so of everything: the next release names it.
    """

    data: bytes
    sha256: str
    entries: int
    left_out: tuple[LeftOut, ...]


def fingerprint(public_key: bytes) -> str:
    """Return what two people compare by voice: 160 bits of SHA-256 in groups of four digits."""
    digits = hashlib.sha256(b"fol.lab-key/1\n" + public_key).hexdigest()[:_FINGERPRINT_DIGITS]
    return " ".join(digits[at : at + 4] for at in range(0, _FINGERPRINT_DIGITS, 4))


def typed_fingerprint(text: str) -> str:
    """Return a typed fingerprint in the spelling of `fingerprint`.

    Raises
    ------
    LibraryError
        Not all of its digits, or something else.
    """
    digits = "".join(c for c in text.lower() if not c.isspace() and c not in "-:")
    if len(digits) != _FINGERPRINT_DIGITS or set(digits) - set("0123456789abcdef"):
        raise LibraryError(
            f"{text[:60]!r} is not a fingerprint: {_FINGERPRINT_DIGITS} digits 0-9, a-f are wanted",
            hint="The other lab reads it out from `fol library keys`.",
        )
    return " ".join(digits[at : at + 4] for at in range(0, _FINGERPRINT_DIGITS, 4))


def is_line(text: object) -> bool:
    """Whether something is one line of plain text: no control, invisible or bidirectional signs."""
    return isinstance(text, str) and all(_is_shown(c) for c in text)


def _is_shown(character: str) -> bool:
    return character in _JOINERS or unicodedata.category(character) not in _HIDDEN


def _shown(text: str) -> str:
    return "".join(c if _is_shown(c) else "\ufffd" for c in text)[:MAX_TEXT]


def signed_bytes(manifest: bytes) -> bytes:
    """Return the bytes that a package's signature is over."""
    return _DOMAIN + manifest


def parted(
    entries: Iterable[Entry], may_share: frozenset[str]
) -> tuple[list[Entry], tuple[LeftOut, ...]]:
    """Return the entries that may travel and those that may not, each in library order."""
    going: list[Entry] = []
    staying: list[LeftOut] = []
    for entry in entries:
        licence = entry.draft.provenance.licence
        reason = why_not_shared(licence, may_share) or _why_not_packed(entry.draft)
        if reason:
            staying.append(
                LeftOut(
                    id=entry.id, name=_shown(entry.name), licence=_shown(licence), reason=reason
                )
            )
        else:
            going.append(entry)
    return going, tuple(staying)


def pack(
    entries: Sequence[Entry],
    left_out: Sequence[LeftOut],
    contents: Contents,
    issuer: Issuer,
    link: Link,
    sign: Callable[[bytes], bytes],
) -> Packed:
    """Return a library version as a signed package.

    Parameters
    ----------
    entries : sequence of Entry
        What travels, verified.
    left_out : sequence of LeftOut
        Named in the manifest, so that the receiver knows that there is more.
    sign : callable
        Returns the signature over the bytes it is given.

    Raises
    ------
    LibraryError
        Nothing may travel, or more than a package holds.
    """
    if not entries:
        first = left_out[0] if left_out else None
        raise LibraryError(
            f"no entry of {contents.library} {contents.version} may be passed on"
            + (f": {first.name}: {first.reason}" if first else ""),
            hint="If you know that its terms allow it, name them exactly with --may-share.",
        )
    ordered = sorted(entries, key=lambda entry: entry.record_hash)
    lines = b"".join(_line(entry) for entry in ordered)
    numbers = b"".join(_points(entry.draft) for entry in ordered)
    if len(ordered) > MAX_ENTRIES or len(lines) + len(numbers) > MAX_FILE - MAX_MANIFEST:
        raise LibraryError(
            f"{len(ordered):,} entries of {len(lines) + len(numbers):,} bytes are more than one "
            "package holds",
            hint="Release it as several libraries.",
        )
    manifest = canonical(
        {
            "schema": SCHEMA,
            "library": contents.library,
            "version": contents.version,
            "licence": contents.licence,
            "training": contents.training,
            "created_at": contents.created_at,
            "software": contents.software,
            "site": issuer.site,
            "lab": issuer.name,
            "public_key": issuer.public_key.hex(),
            "fingerprint": fingerprint(issuer.public_key),
            "sequence": link.sequence,
            "previous": {"version": link.previous_version, "sha256": link.previous_sha256},
            "entries": len(ordered),
            "files": {ENTRIES: _facts(lines), NUMBERS: _facts(numbers)},
            "left_out": [
                {"id": each.id, "name": each.name, "licence": each.licence, "reason": each.reason}
                for each in left_out
            ],
        }
    )
    if len(manifest) > MAX_MANIFEST:
        raise LibraryError(f"the list of {len(left_out):,} entries left out is too long to pack")
    signature = sign(signed_bytes(manifest))
    parts = {MANIFEST: manifest, SIGNATURE: signature, ENTRIES: lines, NUMBERS: numbers}
    return Packed(
        data=_zipped(parts),
        sha256=hashlib.sha256(manifest).hexdigest(),
        entries=len(ordered),
        left_out=tuple(left_out),
    )


def canonical(value: Mapping[str, Any]) -> bytes:
    """Return the RFC 8785 bytes of a JSON object."""
    import rfc8785

    try:
        return rfc8785.dumps(dict(value))
    except (rfc8785.CanonicalizationError, UnicodeError, RecursionError) as fault:
        raise LibraryError(f"has no canonical form: {str(fault)[:120]}") from fault


def _facts(data: bytes) -> dict[str, Any]:
    return {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def _line(entry: Entry) -> bytes:
    draft = entry.draft
    line = canonical(
        {
            "identity": {name: getattr(draft.identity, name) for name in IDENTITY},
            "provenance": {name: getattr(draft.provenance, name) for name in PROVENANCE},
            "section": draft.section.value,
            "axes": [draft.x_kind.value, draft.x_unit, draft.y_kind.value, draft.y_unit],
            "ionization": draft.ionization,
            "retention_index": draft.retention_index,
            "sampling": draft.sampling,
            "points": int(draft.x.size),
            "record_hash": entry.record_hash,
        }
        | _tandem(draft)
    )
    if len(line) >= MAX_LINE:
        raise LibraryError(f"entry {entry.id} ({_shown(entry.name)[:60]}) says too much to pack")
    return line + b"\n"


def _tandem(draft: EntryDraft) -> dict[str, Any]:
    """Return what an MS/MS spectrum says more; a line of another technique is as it ever was."""
    if draft.tandem is None:
        return {}
    return {"tandem": {name: getattr(draft.tandem, name) for name in TANDEM}}


def _why_not_packed(draft: EntryDraft) -> str:
    texts = [getattr(draft.identity, name) for name in IDENTITY if name not in NUMERIC]
    texts += [getattr(draft.provenance, name) for name in PROVENANCE]
    texts += [draft.ionization, draft.sampling]
    if draft.tandem is not None:
        texts += [draft.tandem.collision_energy, draft.tandem.adduct]
    if not all(is_line(text) for text in texts):
        return "it holds hidden characters"
    too_long = max(map(len, texts)) > MAX_TEXT or sum(map(len, texts)) > 2 * MAX_TEXT
    return "it is too large" if too_long or draft.x.size > MAX_POINTS else ""


def _points(draft: EntryDraft) -> bytes:
    return b"".join(np.ascontiguousarray(v, dtype="<f8").tobytes() for v in (draft.x, draft.y))


def _zipped(parts: Mapping[str, bytes]) -> bytes:
    """Return a zip file that depends on its contents alone: stored, one date, one order."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for name in MEMBERS:
            info = zipfile.ZipInfo(name, _EPOCH)
            info.create_system = 3
            info.external_attr = 0o100644 << 16
            archive.writestr(info, parts[name])
    return buffer.getvalue()


def strict_json(data: bytes, what: str) -> Any:
    """Return the value of JSON bytes, refusing what two readers could read differently.

    Raises
    ------
    LibraryError
    """
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refused)
    except (ValueError, RecursionError) as fault:
        raise LibraryError(f"{what} is not readable: {str(fault)[:120]}") from fault


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key stands twice")
    return made


def _refused(word: str) -> Any:
    raise ValueError(f"{word} is no number that may stand here")
