"""Check a sample's bundle with nothing but Python 3.11: the file stands in each as ``verify.py``.

    python verify.py BUNDLE.zip [--key HEX]      (or the folder it was unpacked into)

Must import nothing that is not in the standard library, and nothing of fol.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import struct
import sys
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Any

SCHEMA = "fol.bundle/1"
MANIFEST, SIGNATURE, PROOFS = "bundle.json", "bundle.sig", "proofs.json"
LARGEST = 4 * 1024**3
LARGEST_TEXT = 256 * 1024**2
MOST_FILES = 200_000
_EVENT = re.compile(r"events/(\d{9})\.json")
_HEX = re.compile(r"[0-9a-f]{64}")
_SIGNATURE = re.compile(rb"([0-9a-f]{128})\n")


# What the standard library raises over a damaged zip file (NotImplementedError is a RuntimeError).
_UNREADABLE = (OSError, zipfile.BadZipFile, EOFError, RuntimeError, ValueError, struct.error)


class BundleError(Exception):
    """The bundle cannot be looked into at all."""


class Contents:
    """The files of a bundle, zipped or unpacked: names, sizes and bytes, nothing extracted."""

    def __init__(self, path: Path | IO[bytes]) -> None:
        self.problems: list[str] = []
        self._zip: zipfile.ZipFile | None = None
        self.sizes: dict[str, int] = {}
        self._folder = path if isinstance(path, Path) else Path()
        if isinstance(path, Path) and path.is_dir():
            self._list_folder(path)
            return
        try:
            self._zip = zipfile.ZipFile(path)
            members = self._zip.infolist()
        except _UNREADABLE as error:
            raise BundleError(f"{path} is not a readable bundle: {error}") from error
        if len(members) > MOST_FILES:
            raise BundleError(f"{path} holds {len(members)} files, at most {MOST_FILES} are read")
        for member in members:
            if member.filename in self.sizes:
                self.problems.append(f"{member.filename} is there twice")
            elif member.compress_type != zipfile.ZIP_STORED or member.flag_bits & 1:
                self.problems.append(f"{member.filename} is packed or locked: not as it was made")
            else:
                self.sizes[member.filename] = member.file_size

    def _list_folder(self, path: Path) -> None:
        for file in sorted(path.rglob("*")):
            name = file.relative_to(path).as_posix()
            if file.is_symlink():
                self.problems.append(f"{name} is a link, not a file")
            elif file.is_file() and "__pycache__" not in name:
                self.sizes[name] = file.stat().st_size

    def digest(self, name: str) -> str:
        """Return a file's SHA-256, hex; empty where it cannot be read."""
        if self.sizes[name] > LARGEST:
            return ""
        digest = hashlib.sha256()
        try:
            with self._open(name) as stream:
                while chunk := stream.read(1 << 20):
                    digest.update(chunk)
        except _UNREADABLE:
            return ""
        return digest.hexdigest()

    def text(self, name: str) -> bytes:
        """Return a small file's bytes; empty where it is missing, too large or unreadable."""
        if name not in self.sizes or self.sizes[name] > LARGEST_TEXT:
            return b""
        try:
            with self._open(name) as stream:
                return bytes(stream.read(LARGEST_TEXT))
        except _UNREADABLE:
            return b""

    def close(self) -> None:
        """Close the zip file."""
        if self._zip is not None:
            self._zip.close()

    def _open(self, name: str) -> Any:
        return (self._folder / name).open("rb") if self._zip is None else self._zip.open(name)


def check(path: Path | IO[bytes], key: str = "") -> tuple[list[str], list[str]]:
    """Return what is wrong with a bundle, and what it says when nothing is.

    Parameters
    ----------
    path : Path or binary file
        The zip file, or the folder it was unpacked into.
    key : str
        The lab's public key, 64 hex digits, from the lab or its headquarters; empty if not known.

    Raises
    ------
    BundleError
        Not a bundle at all.
    """
    contents = Contents(path)
    try:
        problems = contents.problems
        manifest = _json(contents, MANIFEST, problems)
        if manifest is None or manifest.get("schema") != SCHEMA:
            raise BundleError(f"{path} has no {MANIFEST} of {SCHEMA}")
        said: list[str] = []
        try:
            _check_signature(contents, manifest, key, problems, said)
            _check_files(contents, manifest, problems)
            _check_log(contents, manifest, problems, said)
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
            problems.append(f"{MANIFEST} or {PROOFS} was altered: {type(error).__name__} {error}")
        return problems, said
    finally:
        contents.close()


def _json(contents: Contents, name: str, problems: list[str]) -> dict[str, Any] | None:
    data = contents.text(name)
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        problems.append(f"{name} {'cannot be read as JSON' if data else 'is missing'}")
        return None
    return found if isinstance(found, dict) else None


def _check_signature(
    contents: Contents, manifest: dict[str, Any], key: str, problems: list[str], said: list[str]
) -> None:
    public = bytes.fromhex(manifest["public_key"])
    if key and key.strip().lower() != public.hex():
        problems.append("the bundle was signed with another key than the one you gave")
    written = _SIGNATURE.fullmatch(contents.text(SIGNATURE))
    signature = bytes.fromhex(written[1].decode("ascii")) if written else b""
    if not verify_ed25519(public, contents.text(MANIFEST), signature):
        problems.append(f"{MANIFEST} or {SIGNATURE} was altered: the signature does not fit")
    said.append(f"signed by {manifest['lab']['name']} with key {public.hex()}")
    if not key:
        said.append("the key stands in the bundle itself: compare it with the lab or headquarters")


def _check_files(contents: Contents, manifest: dict[str, Any], problems: list[str]) -> None:
    listed = {row["path"]: row["sha256"] for row in manifest["files"]}
    owner = {sha256: path for path, sha256 in listed.items()}
    there = set(contents.sizes) - {MANIFEST, SIGNATURE}
    problems += [f"{path} is missing" for path in sorted(listed.keys() - there)]
    problems += [f"{path} was added" for path in sorted(there - listed.keys())]
    for path in sorted(listed.keys() & there):
        found = contents.digest(path)
        if found == listed[path]:
            continue
        if found in owner:
            problems.append(f"{path} was swapped: it holds the bytes of {owner[found]}")
        else:
            problems.append(f"{path} was altered")


def _check_log(
    contents: Contents, manifest: dict[str, Any], problems: list[str], said: list[str]
) -> None:
    """Each event must be in the log whose size and root the lab signed, in its own place."""
    proofs = _json(contents, PROOFS, problems)
    if proofs is None:
        return
    point = proofs["checkpoint"]
    size, root = int(point["size"]), bytes.fromhex(point["root"])
    lab_id = manifest["lab"]["lab_id"]
    public = bytes.fromhex(manifest["public_key"])
    statement = checkpoint_statement(lab_id, point)
    if not verify_ed25519(public, statement, bytes.fromhex(point["signature"])):
        problems.append(f"the checkpoint at {size} events does not carry the lab's signature")
    rows = {int(row["seq"]): row for row in proofs["events"]}
    named = set()
    for name in sorted(contents.sizes):
        found = _EVENT.fullmatch(name)
        if found:
            seq = int(found[1])
            named.add(seq)
            problems += _event_problems(contents.text(name), name, rows.get(seq), seq, lab_id)
    for seq, row in sorted(rows.items()):
        if row["withheld"] != (seq not in named):
            problems.append(f"event {seq} {'is missing' if seq not in named else 'was added'}")
        leaf = bytes.fromhex(row["leaf"])
        path = [bytes.fromhex(step) for step in row["path"]]
        if not is_included(leaf, seq - 1, size, path, root):
            problems.append(f"event {seq} is not in the log the lab signed")
        if link(bytes.fromhex(row["prev"]), leaf).hex() != row["hash"]:
            problems.append(f"event {seq}: its hash does not follow from its content")
        if seq - 1 in rows and rows[seq - 1]["hash"] != row["prev"]:
            problems.append(f"event {seq} does not follow event {seq - 1}")
    events = [_event(contents, seq) for seq in sorted(named)]
    problems += _raw_problems(events, contents.sizes)
    problems += _report_problems(events, contents, public, said)
    if not any(_founds(event, public) for event in events):
        problems.append("the event that made the lab and its key is not in the bundle")
    withheld = sum(bool(row["withheld"]) for row in rows.values())
    said.append(
        f"{len(named)} events in full, {withheld} withheld for naming other samples, all proven "
        f"to be in the lab's log of {size} events"
    )


def _event_problems(
    data: bytes, name: str, row: dict[str, Any] | None, seq: int, lab_id: str
) -> list[str]:
    if row is None:
        return [f"{name} has no proof"]
    if leaf_hash(data).hex() != row["leaf"]:
        return [f"{name} is not the event whose proof is given"]
    said = json.loads(data)
    if said["seq"] != seq or said["lab"] != lab_id:
        return [f"{name} is event {said['seq']} of lab {said['lab']}"]
    return []


def _event(contents: Contents, seq: int) -> dict[str, Any]:
    try:
        found = json.loads(contents.text(f"events/{seq:09d}.json"))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _raw_problems(events: Iterable[dict[str, Any]], sizes: dict[str, int]) -> list[str]:
    problems = []
    for event in events:
        body = event.get("body")
        sha256 = body.get("raw_sha256", "") if isinstance(body, dict) else ""
        if not isinstance(sha256, str) or not _HEX.fullmatch(sha256):
            continue
        if not {f"raw/{sha256}", f"quarantine/{sha256}"} & sizes.keys():
            problems.append(f"the file {sha256} that event {event['seq']} names is missing")
    return problems


def _report_problems(
    events: Iterable[dict[str, Any]], contents: Contents, public: bytes, said: list[str]
) -> list[str]:
    """Look at the issued reports that are here, and say which were amended or withdrawn."""
    problems = []
    ended: dict[str, str] = {}
    issued: list[dict[str, Any]] = []
    for event in events:
        body = event.get("body")
        if event.get("kind") == "certificate.issued" and isinstance(body, dict):
            issued.append(body)
            ended[str(body["amends"])] = f"amended by {body['number']}"
        elif event.get("kind") == "certificate.withdrawn" and isinstance(body, dict):
            ended[str(body["number"])] = "withdrawn"
    for body in issued:
        number, sha256 = str(body["number"]), str(body["sha256"])
        if f"reports/{sha256}" not in contents.sizes:
            continue  # it names other samples too
        data = contents.text(f"reports/{sha256}")
        if not verify_ed25519(public, data, bytes.fromhex(body["signature"])):
            problems.append(f"report {number} does not carry the lab's signature")
        said.append(f"report {number}: signed by the lab, {ended.get(number, 'stands')}")
    return problems


def _founds(event: dict[str, Any], public: bytes) -> bool:
    body = event.get("body")
    return (
        event.get("kind") == "lab.created"
        and isinstance(body, dict)
        and body.get("public_key") == public.hex()
    )


def checkpoint_statement(lab_id: str, point: dict[str, Any]) -> bytes:
    """Return the text a checkpoint's signature covers (C2SP tlog-checkpoint, then our lines)."""
    root = base64.b64encode(bytes.fromhex(point["root"])).decode("ascii")
    lines = (
        f"lims/{lab_id}",
        str(point["size"]),
        root,
        point["head"],
        point["fingerprint"],
        point["at"],
    )
    return ("\n".join(lines) + "\n").encode()


def leaf_hash(event: bytes) -> bytes:
    """Return SHA-256(0x00 ‖ event), the Merkle leaf of RFC 6962, 2.1."""
    return hashlib.sha256(b"\x00" + event).digest()


def link(prev: bytes, leaf: bytes) -> bytes:
    """Return SHA-256(0x02 ‖ prev ‖ leaf), an event's place in the linear chain."""
    return hashlib.sha256(b"\x02" + prev + leaf).digest()


def is_included(leaf: bytes, index: int, size: int, path: list[bytes], root: bytes) -> bool:
    """Whether a leaf is number ``index`` (from 0) of ``size`` leaves under ``root`` (RFC 9162)."""
    if not 0 <= index < size:
        return False
    at, last, node = index, size - 1, leaf
    for step in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            node = hashlib.sha256(b"\x01" + step + node).digest()
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            node = hashlib.sha256(b"\x01" + node + step).digest()
        at, last = at >> 1, last >> 1
    return last == 0 and node == root


# Ed25519, RFC 8032, 5.1: verification alone, so no secret is at risk from its timing.
_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)
_Point = tuple[int, int, int, int]


def verify_ed25519(public: bytes, data: bytes, signature: bytes) -> bool:
    """Whether ``signature`` over ``data`` was made with the key whose public half is given."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, point = _decoded(public), _decoded(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or point is None or scalar >= _ORDER:
        return False
    digest = hashlib.sha512(signature[:32] + public + data).digest()
    challenge = int.from_bytes(digest, "little") % _ORDER
    base = _decoded((4 * pow(5, _P - 2, _P) % _P).to_bytes(32, "little"))
    if base is None:
        return False
    left, right = _times(scalar, base), _sum(point, _times(challenge, key))
    return (left[0] * right[2] - right[0] * left[2]) % _P == 0 and (
        left[1] * right[2] - right[1] * left[2]
    ) % _P == 0


def _decoded(data: bytes) -> _Point | None:
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT % _P
    if (x * x - square) % _P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = _P - x
    return x, y, 1, x * y % _P


def _sum(p: _Point, q: _Point) -> _Point:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % _P, (p[1] + p[0]) * (q[1] + q[0]) % _P
    c, d = 2 * p[3] * q[3] * _D % _P, 2 * p[2] * q[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(scalar: int, point: _Point) -> _Point:
    total: _Point = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            total = _sum(total, point)
        point = _sum(point, point)
        scalar >>= 1
    return total


def main(arguments: list[str], write: Callable[[str], object]) -> int:
    """Check one bundle and say what was found: 0 whole, 1 not, 2 not a bundle."""
    key = ""
    if "--key" in arguments:
        at = arguments.index("--key")
        key = arguments[at + 1] if at + 1 < len(arguments) else "none given"
        arguments = arguments[:at] + arguments[at + 2 :]
    path = Path(arguments[0]) if arguments else Path(__file__).parent
    try:
        problems, said = check(path, key)
    except BundleError as error:
        write(f"{error}\n")
        return 2
    for line in (*said, *(f"PROBLEM: {problem}" for problem in problems)):
        # A hostile bundle's own words must not steer the terminal they are shown in.
        write("".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in line) + "\n")
    write("NOT WHOLE\n" if problems else "whole\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    sys.exit(main(sys.argv[1:], sys.stdout.write))
