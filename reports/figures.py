"""Weekly counts as small multiples, in plain SVG: the same counts give the same bytes.

The y axis starts at zero and is the panel's own; texts outside the axes belong to the renderer.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from xml.sax.saxutils import escape

from reports.document import Change, Series
from reports.wording import visible

WIDTH, HEIGHT = 240, 84
LEFT, RIGHT, TOP, BOTTOM = 22, 4, 12, 14
INK, BAR, LAST, RULE = "#1b1f24", "#7d96ad", "#0b4f7d", "#8a4b00"
FONT = "Libertinus Serif, DejaVu Sans, Arial, sans-serif"


def letters(count: int) -> list[str]:
    """Return A, B, … Z, AA, AB, … for the marks of a plot."""
    names = []
    for index in range(count):
        text, number = "", index + 1
        while number:
            number, rest = divmod(number - 1, 26)
            text = chr(65 + rest) + text
        names.append(text)
    return names


def finding(series: Series) -> str:
    """Return what a panel shows, in words: its alternative text."""
    total, top = sum(series.counts), max(series.counts, default=0)
    if not total:
        return f"{series.name}: none in {len(series.counts)} weeks."
    week = len(series.counts) - 1 - series.counts[::-1].index(top)
    ending = series.last_day - timedelta(weeks=len(series.counts) - 1 - week)
    last = series.counts[-1]
    where = (
        "the highest week"
        if last == top
        else f"the highest week had {top} and ended {ending.isoformat()}"
    )
    return (
        f"{series.name}: {last} in the last week, {where}; {total} in {len(series.counts)} weeks."
    )


def panel(series: Series, changes: Sequence[Change]) -> str:
    """Return one panel as SVG.

    Parameters
    ----------
    series : Series
        Weekly counts, oldest first.
    changes : sequence of Change
        Drawn as dashed lines with the letters of `letters`, in this order, where they fall inside.
    """
    weeks = len(series.counts)
    top = max(1, *series.counts) if weeks else 1
    wide, tall = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    step = wide / max(1, weeks)
    base = TOP + tall
    label = escape(visible(finding(series)), {'"': "&quot;"})
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'height="{HEIGHT}" role="img" aria-label="{label}" '
        f'font-family="{FONT}" font-size="8" fill="{INK}">'
    ]
    for index, count in enumerate(series.counts):
        if count:
            high = tall * count / top
            colour = LAST if index == weeks - 1 else BAR
            parts.append(
                f'<rect x="{LEFT + index * step + 0.3:.2f}" y="{base - high:.2f}" '
                f'width="{max(0.6, step - 0.6):.2f}" height="{high:.2f}" fill="{colour}"/>'
            )
    parts.append(
        f'<path d="M{LEFT} {TOP}V{base}H{WIDTH - RIGHT}" fill="none" stroke="{INK}" '
        'stroke-width="0.6"/>'
        f'<text x="{LEFT - 3}" y="{TOP + 3}" text-anchor="end">{top}</text>'
        f'<text x="{LEFT - 3}" y="{base + 1}" text-anchor="end">0</text>'
    )
    first = series.last_day - timedelta(weeks=weeks) + timedelta(days=1)
    parts.append(
        f'<text x="{LEFT}" y="{HEIGHT - 4}">{first.isoformat()}</text>'
        f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 4}" text-anchor="end">'
        f"{series.last_day.isoformat()}</text>"
    )
    for letter, change in zip(letters(len(changes)), changes, strict=True):
        x = _position(change.day, first, weeks, step)
        if x is not None:
            parts.append(
                f'<path d="M{x:.2f} {TOP - 3}V{base}" stroke="{RULE}" stroke-width="0.8" '
                'stroke-dasharray="2.5 2"/>'
                f'<text x="{x:.2f}" y="{TOP - 4}" text-anchor="middle" fill="{RULE}" '
                f'font-weight="bold">{letter}</text>'
            )
    parts.append("</svg>")
    return "".join(parts)


def _position(day: date, first: date, weeks: int, step: float) -> float | None:
    place = (day - first).days / 7
    return LEFT + place * step if 0 <= place <= weeks else None
