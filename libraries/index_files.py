"""A search index on disk: memory-mapped arrays and a header that says what they were built from.

An index is a convenience, never the truth: it names the content it was built from, carries the
SHA-256 of each array, and whoever finds it stale or damaged builds it again from the record.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.generic]

SCHEMA = "fol.index/1"
HEADER = "header.json"

# Reading an array to check it costs about a second per gigabyte, so an opening program checks small
# indexes whole and large ones by size and shape; `Library.verify` always reads everything.
CHECKED_WHOLE_BYTES = 64 * 1024 * 1024
_LARGEST_HEADER = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexFiles:
    """An index as read: its arrays (memory-mapped, read-only) and what its header says.

    Parameters
    ----------
    arrays : mapping of str to ndarray
    facts : mapping of str to object
        The builder's own JSON: calibration, class names, pipeline parameters.
    """

    arrays: Mapping[str, Array]
    facts: Mapping[str, object]


def write(
    folder: Path,
    *,
    content_sha256: str,
    pipeline: str,
    arrays: Mapping[str, Array],
    facts: Mapping[str, object],
) -> None:
    """Write an index into a new folder and force it to disk.

    Parameters
    ----------
    folder : Path
        Must not exist yet.
    content_sha256 : str
        Of the record the arrays were computed from.
    pipeline : str
        Name and version of the pretreatment, for example ``ftir/1``.
    arrays : mapping of str to ndarray
        Names are file names and must be plain words.
    facts : mapping of str to object
        JSON values.
    """
    folder.mkdir(parents=True)
    listed: dict[str, dict[str, object]] = {}
    for name, array in sorted(arrays.items()):
        path = folder / f"{name}.npy"
        with path.open("xb") as file:
            np.lib.format.write_array(file, np.ascontiguousarray(array), allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())
        listed[name] = {
            "sha256": _sha256(path),
            "bytes": path.stat().st_size,
            "shape": list(array.shape),
            "dtype": array.dtype.str,
        }
    header = {
        "schema": SCHEMA,
        "content_sha256": content_sha256,
        "pipeline": pipeline,
        "arrays": listed,
        "facts": dict(facts),
    }
    header["header_sha256"] = _header_sha256(header)
    with (folder / HEADER).open("x", encoding="utf-8") as file:
        json.dump(header, file, ensure_ascii=False, allow_nan=False, sort_keys=True)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(folder)


def read(
    folder: Path, *, content_sha256: str, pipeline: str, whole: bool = False
) -> tuple[IndexFiles | None, tuple[str, ...]]:
    """Return a sound index, or None with everything that is wrong with it.

    Parameters
    ----------
    folder : Path
    content_sha256, pipeline : str
        What the index must have been built from; anything else makes it stale.
    whole : bool
        Check the SHA-256 of every array; otherwise only of an index under 64 MB.

    Returns
    -------
    tuple of (IndexFiles or None, tuple of str)
    """
    header, problem = _header(folder)
    if header is None:
        return None, (problem,)
    if header["content_sha256"] != content_sha256:
        return None, ("built from another content of the library",)
    if header["pipeline"] != pipeline:
        return None, (f"built by {header['pipeline']}, this software uses {pipeline}",)
    listed = header["arrays"]
    facts = header["facts"]
    if not isinstance(listed, dict) or not isinstance(facts, dict):
        return None, ("the header has another shape than expected",)
    sizes = [fact.get("bytes", 0) for fact in listed.values() if isinstance(fact, dict)]
    whole = whole or sum(size for size in sizes if isinstance(size, int)) <= CHECKED_WHOLE_BYTES
    arrays: dict[str, Array] = {}
    problems: list[str] = []
    for name, fact in listed.items():
        array, problem = _array(folder / f"{name}.npy", fact, whole=whole)
        if array is None:
            problems.append(problem)
        else:
            arrays[name] = array
    if problems:
        return None, tuple(problems)
    return IndexFiles(arrays=arrays, facts=facts), ()


def sync_folder(folder: Path) -> None:
    """Force a folder's list of names to disk, where the system can do that."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _header(folder: Path) -> tuple[dict[str, object] | None, str]:
    path = folder / HEADER
    try:
        if path.stat().st_size > _LARGEST_HEADER:
            return None, f"{HEADER} is far larger than a header"
        header = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None, f"{HEADER} is missing"
    except (OSError, ValueError, RecursionError) as fault:
        return None, f"{HEADER} cannot be read ({type(fault).__name__})"
    if not isinstance(header, dict) or header.get("schema") != SCHEMA:
        return None, f"{HEADER} is not a {SCHEMA} document"
    stated = header.pop("header_sha256", None)
    wanted = {"content_sha256", "pipeline", "arrays", "facts"}
    if stated != _header_sha256(header) or not wanted <= header.keys():
        return None, f"{HEADER} was altered after it was written"
    return header, ""


def _array(path: Path, fact: object, *, whole: bool) -> tuple[Array | None, str]:
    # The header's own hash has been checked, so names and shapes are the builder's.
    if not isinstance(fact, dict):
        return None, f"{path.name}: no facts in the header"
    try:
        if path.stat().st_size != fact["bytes"]:
            return None, f"{path.name} has {path.stat().st_size} bytes, expected {fact['bytes']}"
        if whole and _sha256(path) != fact["sha256"]:
            return None, f"{path.name} does not match its SHA-256"
        empty = 0 in fact["shape"] or not fact["shape"]
        array: Array = np.load(path, mmap_mode=None if empty else "r", allow_pickle=False)
    except FileNotFoundError:
        return None, f"{path.name} is missing"
    except (OSError, ValueError, KeyError) as fault:
        return None, f"{path.name} cannot be read ({type(fault).__name__})"
    if list(array.shape) != fact["shape"] or array.dtype.str != fact["dtype"]:
        return None, f"{path.name} has another shape or type than its header says"
    return array, ""


def _header_sha256(header: Mapping[str, object]) -> str:
    text = json.dumps(header, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
