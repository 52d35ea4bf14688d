"""Two small lists beside the record: what to watch for, and what to mark on plots.

Each is one JSON file in a lab's or a hub's folder, read whole and replaced whole.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from lims import canonical
from lims.errors import ConfigError, NotFoundError, RecordError
from reports.document import Change, WatchItem

WATCH_FILE = "watchlist.json"
MARKS_FILE = "marks.json"
MAX_BYTES = 4 * 1024 * 1024


def load(folder: Path) -> tuple[WatchItem, ...]:
    """Return the watch list of a folder, by id.

    Raises
    ------
    ConfigError
        The file is damaged.
    """
    return tuple(
        WatchItem(
            id=str(entry["id"]),
            substance=str(entry["substance"]),
            areas=tuple(str(area) for area in entry["areas"]),
            note=str(entry.get("note", "")),
            source=str(entry.get("source", "")),
        )
        for entry in _read(folder / WATCH_FILE, ("id", "substance", "areas"))
    )


def add(
    folder: Path, *, substance: str, areas: Sequence[str] = (), note: str = "", source: str = ""
) -> WatchItem:
    """Add an item to a folder's watch list and return it with its id.

    Raises
    ------
    ConfigError
        Neither a substance nor an area is named.
    """
    places = tuple(area.strip() for area in areas if area.strip())
    if not substance.strip() and not places:
        raise ConfigError("a watch-list item names a substance, an area, or both")
    items = load(folder)
    used = {item.id for item in items}
    number = next(n for n in range(1, len(items) + 2) if f"W{n}" not in used)
    item = WatchItem(
        id=f"W{number}", substance=substance.strip(), areas=places, note=note.strip(), source=source
    )
    _write(folder / WATCH_FILE, [asdict(entry) for entry in (*items, item)])
    return item


def remove(folder: Path, item_id: str) -> None:
    """Take an item off a folder's watch list.

    Raises
    ------
    NotFoundError
    """
    items = load(folder)
    left = [item for item in items if item.id != item_id]
    if len(left) == len(items):
        raise NotFoundError(f"there is no watch-list item {item_id[:40]!r}")
    _write(folder / WATCH_FILE, [asdict(item) for item in left])


def marks(folder: Path) -> tuple[Change, ...]:
    """Return the events and changes that plots of a folder mark, oldest first."""
    found = []
    for entry in _read(folder / MARKS_FILE, ("day", "kind", "text")):
        try:
            day = date.fromisoformat(str(entry["day"]))
        except ValueError as error:
            raise ConfigError(f"{folder / MARKS_FILE}: {entry['day']!r} is not a day") from error
        found.append(Change(day=day, kind=str(entry["kind"]), text=str(entry["text"])))
    return tuple(sorted(found, key=lambda change: (change.day, change.text)))


def mark(folder: Path, change: Change) -> None:
    """Add an event (a border restriction) or a change of method to what plots mark."""
    if change.kind not in ("method", "library", "event"):
        raise ConfigError(f"{change.kind!r} is not a kind of mark: method, library or event")
    if not change.text.strip():
        raise ConfigError("a mark needs a text")
    kept = [*marks(folder), change]
    _write(
        folder / MARKS_FILE,
        [{"day": each.day.isoformat(), "kind": each.kind, "text": each.text} for each in kept],
    )


def _read(path: Path, keys: tuple[str, ...]) -> list[Mapping[str, Any]]:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}") from error
    try:
        value = canonical.loads(data)
    except RecordError as error:
        raise ConfigError(f"{path}: {error.message}", hint="Restore it or remove it.") from error
    if not isinstance(value, list) or any(
        not isinstance(entry, dict) or any(key not in entry for key in keys) for entry in value
    ):
        raise ConfigError(f"{path} is not a list of entries with {', '.join(keys)}")
    return value


def _write(path: Path, entries: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    partial.write_text(json.dumps(entries, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    partial.replace(path)
