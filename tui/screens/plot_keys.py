"""Plot keys for screens whose focus is on a list beside the plot."""

from __future__ import annotations

from textual import on

from tui.screens.base import LabScreen
from tui.widgets.hit_list import HitList
from tui.widgets.spectrum_plot import SpectrumPlot


class PlotKeys(LabScreen):
    """Hands the keys of the plot on to it, wherever the focus is."""

    @property
    def plot(self) -> SpectrumPlot:
        """The plot."""
        return self.query_one(SpectrumPlot)

    @on(HitList.Sideways)
    def _sideways(self, event: HitList.Sideways) -> None:
        event.stop()
        self.action_cursor(event.step)

    def action_cursor(self, steps: int) -> None:
        """Move the plot's cursor."""
        self.plot.action_cursor(steps)

    def action_peak(self, direction: int) -> None:
        """Move the plot's cursor to the next peak."""
        self.plot.action_peak(direction)

    def action_zoom(self, factor: float) -> None:
        """Scale the plot about its cursor."""
        self.plot.action_zoom(factor)

    def action_overlay(self) -> None:
        """Draw one over the other, or mirrored."""
        self.plot.action_overlay()
