"""Sections of plain text and tables that renderers lay out, and those that reports share.

Every text in them is untrusted and unescaped: escaping belongs to the renderer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from reports import figures
from reports.document import Change, Series, Signal
from reports.shares import ShareChange
from reports.wording import visible

NONE = "–"
ROWS_IN_SHARES = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column's heading; figures stand to the right, texts to the left. ``width`` is relative."""

    label: str
    number: bool = False
    width: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One line to be read first, with its mark in words (never colour alone)."""

    mark: str
    text: str
    details: tuple[str, ...] = ()
    caution: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One small multiple with its title and what it shows in words."""

    title: str
    alt: str
    svg: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A headed part: notices, panels, a table, a list, or the sentence said when there is none."""

    id: str
    heading: str
    intro: str = ""
    empty: str = ""
    notices: tuple[Notice, ...] = ()
    panels: tuple[Panel, ...] = ()
    columns: tuple[Column, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The whole document in reading order."""

    title: str
    subtitle: str
    report_id: str
    language: str
    training: str
    banner: str
    facts: tuple[tuple[str, str], ...]
    tiles: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    end_mark: str
    created: datetime
    mark: str = ""
    """Stands on every page, in words: a draft, preliminary, withdrawn."""


def notice_section(
    section: str, heading: str, found: Sequence[Signal], empty: str, intro: str = ""
) -> Section:
    """Return signals or notices as a section."""
    return Section(
        id=section,
        heading=heading,
        intro=visible(intro),
        empty=empty,
        notices=tuple(
            Notice(
                mark=_mark(signal),
                text=visible(signal.text),
                details=tuple(visible(text) for text in _details(signal)),
                caution=visible(signal.caution),
            )
            for signal in found
        ),
    )


def _mark(signal: Signal) -> str:
    if signal.notice:
        return "NOTICE"
    return "SIGNAL, CONTINUING" if signal.continuing else "SIGNAL"


def _details(signal: Signal) -> Iterable[str]:
    shown = ", ".join(signal.samples[:10])
    more = len(signal.samples) - 10
    yield f"Samples: {shown}" + (f" and {more} more" if more > 0 else "")
    if signal.origins:
        yield f"Origin: {', '.join(signal.origins)}"
    if signal.destinations:
        yield f"Destination: {'; '.join(signal.destinations[:6])}"
    if signal.first_seen is not None:
        yield f"First seen: {signal.first_seen.isoformat()}"
    if signal.score is not None:
        yield f"Score: {signal.score:.1f}"


def day_section(counts: Sequence[tuple[str, int]], tested: int, intro: str) -> Section:
    """Return a day's counts per substance, each with the number tested."""
    return Section(
        id="day",
        heading="The day's counts",
        intro=visible(intro),
        empty="No substance found on this day.",
        columns=(
            Column(label="Substance", width=2), Column(label="Samples", number=True),
            Column(label="Of tested", number=True), Column(label="Share", number=True),
        ),
        rows=tuple(
            (visible(name), str(count), str(tested), percent(count / tested if tested else None))
            for name, count in counts
        ),
    )  # fmt: skip


def panel_section(shown: Sequence[Series], changes: Sequence[Change]) -> Section:
    """Return weekly counts as small multiples with the letters of the changes they mark."""
    marks = zip(figures.letters(len(changes)), changes, strict=True)
    return Section(
        id="figures",
        heading="Weekly counts, 52 weeks",
        intro="Each panel has its own axis, from zero. The dark bar is the last week, whose count "
        "stands in the title.",
        empty="No substance found in 52 weeks.",
        panels=tuple(
            Panel(
                title=visible(f"{series.name}: {series.counts[-1]}"),
                alt=visible(figures.finding(series)),
                svg=figures.panel(series, changes),
            )
            for series in shown
        ),
        items=tuple(
            visible(f"{letter} {change.day.isoformat()} {change.kind}: {change.text}")
            for letter, change in marks
        ),
    )


def share_section(section: str, heading: str, changes: Sequence[ShareChange]) -> Section:
    """Return shares of two periods as a table."""
    shown = changes[:ROWS_IN_SHARES]
    left = len(changes) - len(shown)
    return Section(
        id=section,
        heading=heading,
        intro=f"The {len(shown)} most frequent of {len(changes)}." if left else "",
        empty="Nothing found in 56 days.",
        columns=(
            Column(label="Name", width=2.2), Column(label="Now", number=True, width=1.1),
            Column(label="Share", number=True, width=0.8),
            Column(label="95 % interval", number=True, width=1.2),
            Column(label="Before", number=True, width=1.1),
            Column(label="Share before", number=True, width=0.8),
            Column(label="Points", number=True, width=0.8),
            Column(label="Share ratio", number=True, width=0.8),
            Column(label="Count ratio", number=True, width=0.8),
            Column(label="Rank", number=True, width=1.1),
        ),
        rows=tuple(share_words(change) for change in shown),
    )  # fmt: skip


def share_words(change: ShareChange) -> tuple[str, ...]:
    """Return a share row: name, now, share, interval, before, share, points, both ratios, rank.

    >>> from reports.shares import change, share
    >>> share_words(change("fentanyl", share(52, 100), share(18, 100)))[1:3]
    ('52 of 100', '52 %')
    """
    now, before = change.now, change.before
    interval = (
        f"{100 * now.low:.0f}–{100 * now.high:.0f} %"
        if now.low is not None and now.high is not None
        else NONE
    )
    rank = f"{change.rank or NONE}"
    if change.rank_before != change.rank:
        rank += f" (was {change.rank_before or NONE})"
    return (
        visible(change.name),
        f"{now.count} of {now.total}",
        percent(now.share),
        interval,
        f"{before.count} of {before.total}",
        percent(before.share),
        NONE if change.points is None else f"{change.points:+.0f}".replace("-", "−"),
        ratio(change.share_ratio),
        ratio(change.count_ratio),
        rank,
    )


def percent(value: float | None) -> str:
    """Return a share as printed; a share of nothing is a dash."""
    return NONE if value is None else f"{100 * value:.0f} %"


def ratio(value: float | None) -> str:
    """Return a ratio as printed."""
    return NONE if value is None else f"× {value:.1f}"


def clean(*cells: str) -> tuple[str, ...]:
    """Return cells made visible, with a dash for what is empty."""
    return tuple(visible(cell) or NONE for cell in cells)
