"""A spectrum as lines of text for a plain terminal; the same renderer as the app's plot."""

from __future__ import annotations

import shutil

from spectra.spectrum import Measurement
from tui.text import clean


def picture(item: Measurement, *, height: int = 14) -> list[str]:
    """Return a spectrum drawn in characters, as wide as the terminal."""
    from tui.evidence import plot_data
    from tui.plot import PlotOptions, as_plain, render

    width = min(shutil.get_terminal_size((80, 24)).columns, 160)
    drawn = render(plot_data(clean(item.title), item), (width, height), PlotOptions())
    return as_plain(drawn)
