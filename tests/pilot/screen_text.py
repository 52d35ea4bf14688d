"""The lines a user sees, and the frozen laboratory they are seen in."""

from __future__ import annotations

import io
import os
from pathlib import Path

from rich.console import Console
from textual.app import App

GOLDENS = Path(__file__).parent / "goldens"


def screen_text(app: App[object]) -> str:
    """Return what is on the screen as plain lines."""
    width, height = app.size
    console = Console(
        width=width,
        height=height,
        file=io.StringIO(),
        force_terminal=True,
        record=True,
        color_system="truecolor",
        legacy_windows=False,
    )
    console.print(app.screen._compositor.render_update(full=True))
    return "\n".join(line.rstrip() for line in console.export_text(styles=False).splitlines())


def check_golden(app: App[object], name: str) -> None:
    """Compare the screen with its golden; ``FOL_UPDATE_GOLDENS=1`` writes it anew."""
    width, height = app.size
    path = GOLDENS / f"{name}-{width}x{height}.txt"
    seen = screen_text(app) + "\n"
    if os.environ.get("FOL_UPDATE_GOLDENS"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(seen, encoding="utf-8")
    assert path.is_file(), f"no golden {path.name}; run with FOL_UPDATE_GOLDENS=1 and look at it"
    assert seen == path.read_text(encoding="utf-8")
