"""Files and folders that instruments write -> spectra, and the way back.

Knows nothing of libraries or the record. ``instruments.read(path)`` is the way in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from instruments.export import Export
    from instruments.registry import read, read_bytes

__all__ = ["Export", "read", "read_bytes"]


def __getattr__(name: str) -> object:
    if name == "Export":
        from instruments.export import Export

        return Export
    if name in ("read", "read_bytes"):
        from instruments import registry

        return getattr(registry, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
