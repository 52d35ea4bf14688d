"""Untrusted text made safe to show: every control, bidi and invisible character becomes visible.

Everything that came from a file, a label or a person passes here before it reaches a terminal.
Knows nothing of screens; the command line uses it too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.text import Text

LONGEST = 2_000
ELLIPSIS = "…"

# C0, DEL, C1; zero-width and bidi controls; line separators; tags; lone surrogates, which no
# terminal encoding can carry.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)


def _mark(found: re.Match[str]) -> str:
    code = ord(found.group())
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if code < 0x100:
        return f"<{code:02X}>"
    return f"<U+{code:04X}>"


def clean(text: str, limit: int = LONGEST, *, multiline: bool = False) -> str:
    """Return ``text`` with every unsafe character replaced by a visible mark.

    Parameters
    ----------
    text : str
        Anything at all, lone surrogates included.
    limit : int
        Longest result in characters; what is cut ends in ``…``.
    multiline : bool
        Keep line feeds; tabs become spaces and carriage returns before a line feed go.

    Returns
    -------
    str
        Free of C0, C1, bidi and zero-width characters (and of line feeds unless ``multiline``).
    """
    text = text[: limit + 1]  # marks only lengthen, so nothing beyond can be shown
    if multiline:
        lines = text.replace("\r\n", "\n").replace("\t", "    ").split("\n")
        safe = "\n".join(_UNSAFE.sub(_mark, line) for line in lines)
    else:
        safe = _UNSAFE.sub(_mark, text)
    return safe if len(safe) <= limit else safe[: max(limit - 1, 0)] + ELLIPSIS


def shorten(text: str, width: int) -> str:
    """Return cleaned ``text`` cut to ``width`` terminal cells, with ``…`` where it was cut."""
    from rich.cells import cell_len, set_cell_size

    safe = clean(text)
    if cell_len(safe) <= width:
        return safe
    return set_cell_size(safe, max(width - 1, 0)).rstrip() + ELLIPSIS if width > 0 else ""


def as_text(text: str, style: str = "", *, limit: int = LONGEST, multiline: bool = False) -> Text:
    """Return cleaned ``text`` as a Rich text: never parsed as markup."""
    from rich.text import Text

    return Text(clean(text, limit, multiline=multiline), style=style)
