"""What an import took, merged and turned away, kept beside the version it made.

Written by `libraries.build`, read back by whoever asks later why a spectrum is not in a library.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from libraries.errors import LibraryError, LibraryNotFoundError

FILE = "import-report.json"
SCHEMA = "fol.library.report/1"
_LARGEST = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """One spectrum or file that did not become an entry, and why."""

    source: str
    title: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the report of an import says.

    Parameters
    ----------
    rejected : tuple of Rejection
        Turned away, with the reason.
    duplicates : tuple of Rejection
        The same numbers of the same substance as an entry that was taken; the reason names it.
    derivatives : int
        Entries set apart because they are heavier than the molecule they are filed under.
    """

    accepted: int
    rejected: tuple[Rejection, ...]
    duplicates: tuple[Rejection, ...]
    derivatives: int


def write(folder: Path, kept: Kept) -> None:
    """Write a report into the folder of a version and force it to disk."""
    facts = {
        "schema": SCHEMA,
        "accepted": kept.accepted,
        "derivatives": kept.derivatives,
        "rejected": [_facts(each) for each in kept.rejected],
        "duplicates": [_facts(each) for each in kept.duplicates],
    }
    with (folder / FILE).open("x", encoding="utf-8") as file:
        json.dump(facts, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())


def read(folder: Path) -> Kept:
    """Return the report of a version.

    Raises
    ------
    LibraryNotFoundError
        The version was made before reports were kept, or its report is gone.
    LibraryError
        The report was damaged.
    """
    path = folder / FILE
    try:
        if path.stat().st_size > _LARGEST:
            raise _damaged(path)
        said = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(said, Mapping) or said.get("schema") != SCHEMA:
            raise _damaged(path)
        return Kept(
            accepted=int(said["accepted"]),
            derivatives=int(said["derivatives"]),
            rejected=_listed(said["rejected"]),
            duplicates=_listed(said["duplicates"]),
        )
    except FileNotFoundError as missing:
        raise LibraryNotFoundError(
            f"library {folder.parent.name} {folder.name} has no report of its import",
            hint="It was made by older software: import its files again to have one.",
        ) from missing
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as broken:
        raise _damaged(path) from broken


def _facts(each: Rejection) -> dict[str, str]:
    return {"source": each.source, "title": each.title, "reason": each.reason}


def _listed(said: Sequence[Mapping[str, str]]) -> tuple[Rejection, ...]:
    return tuple(
        Rejection(source=str(e["source"]), title=str(e["title"]), reason=str(e["reason"]))
        for e in said
    )


def _damaged(path: Path) -> LibraryError:
    return LibraryError(
        f"{path.parent.parent.name} {path.parent.name}: the report of its import is damaged",
        hint="The library itself is not touched by it; `fol library verify` tells of that.",
    )
