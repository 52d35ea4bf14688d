"""A control's values over time as text: the chart of Levey and Jennings, in plain characters.

Values in, lines out; knows no record and no screen.
"""

from __future__ import annotations

from collections.abc import Sequence

from lims.control_record import Control, ControlValue
from lims.westgard import Baseline, Verdict

HEIGHT = 15
MARKS = {Verdict.ACCEPTED: "o", Verdict.WARNING: "!", Verdict.REJECTED: "X"}
LEGEND = "o accepted   ! warning   X rejected   oldest left"
_LABEL = 16
# Half a standard deviation a line, from -3.5 to +3.5.
_SPAN_SD = 3.5
_FEWEST_COLUMNS = 10


def chart(
    control: Control,
    values: Sequence[ControlValue],
    at: Baseline,
    *,
    width: int = 80,
    height: int = HEIGHT,
) -> list[str]:
    """Return the lines of a chart, top first; as many of the newest values as fit.

    With a mean and a standard deviation the lines are those of the rules; before, those of the
    fixed limits. A value outside the chart stands on its edge.

    Parameters
    ----------
    control : Control
    values : sequence of ControlValue
        Of one lot, oldest first.
    at : Baseline
    width, height : int
        Columns and lines there are.
    """
    shown = values[-max(width - _LABEL - 1, _FEWEST_COLUMNS) :]
    lines = _lines(control, at)
    low, high = _range(lines, shown, at)
    labels: dict[int, tuple[str, str]] = {}
    for value, name, fill in lines:
        labels[_row(value, low, high, height)] = (f"{name} {value:.5g}", fill)
    rows = [[labels.get(row, ("", " "))[1]] * len(shown) for row in range(height)]
    for column, each in enumerate(shown):
        rows[_row(each.value, low, high, height)][column] = MARKS[each.verdict]
    return [
        f"{labels.get(row, ('', ''))[0][:_LABEL]:>{_LABEL}}|{''.join(cells)}".rstrip()
        for row, cells in enumerate(rows)
    ]


def _lines(control: Control, at: Baseline) -> list[tuple[float, str, str]]:
    """Return value, name and character of each line; a later one wins a shared row."""
    if at.mean is not None and at.sd is not None:
        fills = {1: ".", 2: "-", 3: "="}
        sides = [(at.mean + k * at.sd, f"{k:+d}s", fills[abs(k)]) for k in (-1, 1, -2, 2, -3, 3)]
        return [*sides, (at.mean, "mean", "-")]
    there = (
        (control.expected, "expected", "."),
        (control.lowest, "lowest", "="),
        (control.highest, "highest", "="),
    )
    return [(value, name, fill) for value, name, fill in there if value is not None]


def _range(
    lines: Sequence[tuple[float, str, str]], shown: Sequence[ControlValue], at: Baseline
) -> tuple[float, float]:
    if at.mean is not None and at.sd is not None:
        return at.mean - _SPAN_SD * at.sd, at.mean + _SPAN_SD * at.sd
    reach = [value for value, _, _ in lines]
    if len(reach) < 2:
        # With one limit the values themselves say how far the other side reaches.
        reach += [each.value for each in shown]
    low, high = min(reach), max(reach)
    margin = 0.1 * (high - low) or max(abs(high), 1.0) * 0.1
    return low - margin, high + margin


def _row(value: float, low: float, high: float, height: int) -> int:
    place = (high - value) / (high - low) * height
    return min(max(int(place), 0), height - 1)
