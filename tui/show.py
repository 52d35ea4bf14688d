"""A spectrum as lines of text for a plain terminal; the same renderer as the app's plot."""

from __future__ import annotations

import shutil

from spectra.spectrum import Measurement


def picture(item: Measurement, *, height: int = 14) -> list[str]:
    """Return a spectrum drawn in characters, as wide as the terminal."""
    from tui.plot import draw_measurement

    width = min(shutil.get_terminal_size((80, 24)).columns, 160)
    return draw_measurement(item, width=width, height=height)
