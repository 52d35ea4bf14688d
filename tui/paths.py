"""Paths as a person types or pastes them: cleaned of quotes and escapes, completed with Tab."""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tui.text import clean

_MOST_LOOKED_AT = 20_000
_MOST_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What a typed path may go on to.

    Parameters
    ----------
    text : str
        The path as far as all that fit agree; what was typed when nothing does.
    names : tuple of str
        Of what fits, folders with a closing slash.
    more : int
        How many further ones there are.
    problem : str
        Why nothing can be offered; empty when something is.
    """

    text: str
    names: tuple[str, ...] = ()
    more: int = 0
    problem: str = ""


def typed_path(text: str) -> Path:
    """Return the path meant: without quotes, shell escapes or ``file://``, ``~`` expanded."""
    said = text.strip()
    if len(said) > 1 and said[0] == said[-1] and said[0] in "'\"":
        said = said[1:-1]
    if said.startswith("file://"):
        said = unquote(urlsplit(said).path)
    elif os.sep == "/" and "\\ " in said:  # what terminals paste when a file is dropped on them
        said = said.replace("\\ ", " ")
    return Path(os.path.expanduser(said))  # noqa: PTH111 - an unknown user stays as typed


def exists(path: Path) -> bool:
    """Say whether something is there that may be looked at; what no path can be is not."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def complete(text: str) -> Completion:
    """Return how a typed path may go on, by what is in its folder now.

    Names that a terminal would obey are not offered. Hidden ones only after a typed dot.
    """
    said = text.lstrip().removeprefix('"').removeprefix("'")
    folder_text, stem = os.path.split(said)
    folder = typed_path(folder_text or ".")
    try:
        with os.scandir(folder) as there:
            found = [
                entry.name + (os.sep if entry.is_dir() else "")
                for entry in islice(there, _MOST_LOOKED_AT)
                if _fits(entry.name, stem)
            ]
    except (OSError, ValueError) as fault:
        why = fault.strerror if isinstance(fault, OSError) and fault.strerror else "not a path"
        return Completion(text=text, problem=f"{clean(folder_text, 60) or '.'}: {why}")
    if not found:
        return Completion(text=text, problem="nothing begins like this")
    found.sort(key=str.casefold)
    agreed = _agreed(found)
    # Where upper and lower case were mixed, what was typed stays.
    agreed = agreed if len(agreed) >= len(stem) else stem
    return Completion(
        text=os.path.join(folder_text, agreed),  # noqa: PTH118 - the typed text, not a path
        names=tuple(found[:_MOST_SHOWN]),
        more=max(len(found) - _MOST_SHOWN, 0),
    )


def _agreed(names: list[str]) -> str:
    """Return what all names begin with, letter by letter."""
    first, last = min(names), max(names)
    same = next((at for at, letter in enumerate(first) if last[at : at + 1] != letter), len(first))
    return first[:same]


def _fits(name: str, stem: str) -> bool:
    if name.startswith(".") and not stem.startswith("."):
        return False
    return name.casefold().startswith(stem.casefold()) and clean(name, 4_000) == name
