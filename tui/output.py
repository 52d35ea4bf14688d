"""What commands print: one JSON document with a schema name, or plain aligned tables.

Text that comes from files and fields is made safe for a terminal here; JSON keeps it as data.
"""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Any

import click

from tui.text import clean


def document(verb: str, content: Mapping[str, Any]) -> None:
    """Print ``{"schema": "fol.<verb>/1", ...}`` on stdout."""
    whole = {"schema": f"fol.{verb}/1", **content}
    click.echo(json.dumps(plain(whole), ensure_ascii=False, indent=2, allow_nan=False))


def plain(value: Any) -> Any:
    """Return a value as JSON knows it: dates as ISO 8601, not-a-number as null, sets sorted."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (str, bool, int)) or value is None:
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(plain(item) for item in value)
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "item"):  # a numpy scalar
        return plain(value.item())
    names = getattr(type(value), "__dataclass_fields__", None)
    if names is not None:
        return {name: plain(getattr(value, name)) for name in names}
    raise TypeError(f"{type(value).__name__} has no JSON form")


def table(rows: Iterable[Sequence[object]], columns: Sequence[str]) -> None:
    """Print rows under their column names, numbers to the right, cells cleaned."""
    cells = [[_cell(value) for value in row] for row in rows]
    right = [all(_is_number(row[i]) for row in cells) and bool(cells) for i in range(len(columns))]
    widths = [
        max(len(name), *(len(row[i]) for row in cells)) if cells else len(name)
        for i, name in enumerate(columns)
    ]
    for line in ([name.upper() for name in columns], *cells):
        parts = [
            text.rjust(width) if to_right else text.ljust(width)
            for text, width, to_right in zip(line, widths, right, strict=True)
        ]
        click.echo("  ".join(parts).rstrip())
    if not cells:
        say("(none)")


def line(text: str) -> None:
    """Print one cleaned line on stdout."""
    click.echo(clean(text))


def say(text: str) -> None:
    """Talk: one cleaned line on stderr."""
    click.echo(clean(text), err=True)


def state_folder() -> Path:
    """Return where the program keeps what is not evidence; it may not be there yet."""
    state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(state) / "fol"


def log_file() -> Path:
    """Return the file for faults of the program itself (for repair; never evidence)."""
    folder = state_folder()
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "fol.log"


def is_terminal() -> bool:
    """Whether stdout is a person's screen."""
    return sys.stdout.isatty()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone().strftime("%Y-%m-%d %H:%M")
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Enum):
        return str(value.value)
    return clean(str(value))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return text == ""
    return True
