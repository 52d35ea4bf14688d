"""Names that a watched folder holds in passing: temporary files, locks, what the system leaves.

Names only; knows no files.
"""

from __future__ import annotations

from collections.abc import Iterable

_BEGINNINGS = (".", "~", "#")
_SUFFIXES = (
    *(".tmp", ".temp", ".part", ".partial", ".filepart", ".crdownload", ".download"),
    *(".lock", ".lck", ".swp", ".swx", ".writing"),
)
_NAMES = frozenset(("thumbs.db", "desktop.ini", "system volume information"))


def is_temporary(name: str) -> bool:
    """Return whether a name says that its file is still being written."""
    return name.lower().endswith(_SUFFIXES)


def is_passed_over(name: str) -> bool:
    """Return whether a name is temporary, hidden, a lock, or the system's own."""
    lower = name.lower()
    return lower.startswith(_BEGINNINGS) or lower.endswith(_SUFFIXES) or lower in _NAMES


def locked_by(names: Iterable[str]) -> frozenset[str]:
    """Return the names, in small letters, that a lock file beside them says are being written."""
    found = set()
    for name in names:
        lower = name.lower()
        if lower.startswith("~$"):
            found.add(lower[2:])
        elif lower.startswith(".~lock.") and lower.endswith("#"):
            found.add(lower[7:-1])
        elif lower.endswith((".lock", ".lck")):
            found.add(lower.rsplit(".", 1)[0])
    return frozenset(found)
