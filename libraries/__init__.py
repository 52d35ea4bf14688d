"""Reference spectra, substances and what law says of them.

``libraries.open(name, folder=...)`` is the way to an installed library. Importing this package
loads none of its modules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from libraries.library import Library
    from libraries.library import open_library as open  # noqa: A004 - `libraries.open` reads well

__all__ = ["Library", "open"]


def __getattr__(name: str) -> object:
    if name == "Library":
        from libraries.library import Library

        return Library
    if name == "open":
        from libraries.library import open_library

        return open_library
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
