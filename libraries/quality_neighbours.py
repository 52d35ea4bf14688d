"""What the neighbours of a reference say of it: another label, another axis, numbers seen twice.

Every entry is searched in its own library. Two substances whose spectra are as alike as two spectra
of one substance usually are cannot be told apart here, whatever their names.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from libraries import naming
from libraries.entry import Entry
from libraries.inseparable import Pair
from libraries.quality_marks import Mark, MarkKind, mark
from libraries.section_index import SectionIndex
from libraries.tandem_index import Fragments
from spectra.axis import FloatArray, IntArray
from spectra.curve_index import CurveIndex
from spectra.errors import SpectrumError
from spectra.tandem_rank import WIDEST

Progress = Callable[[str, int, int], None]

_LOOKED_AT = 16
_BATCH = 64
# A foreign neighbour as near as this, while the own replicates are further than that, is a reason
# to doubt the label. Found on collections with known swaps; see docs/libraries.md.
_NEAR, _FAR = 0.90, 0.60
# Without replicates only an almost identical spectrum of another formula counts.
_ALMOST = 0.985
_CLASS_NEIGHBOURS, _CLASS_AGREE, _CLASS_NEAR = 6, 5, 0.75
# Spectra of one substance that meet only after so large a slide have different axes.
_SHIFT_CM1, _WIDEST_CM1 = 4.0, 20.0
_SHIFT_ALIKE, _SHIFT_GAIN, _SURELY_ALIKE = 0.8, 0.01, 0.99
# An m/z axis that is off by one: alike after the move, unlike before.
_MOVED_ALIKE, _UNMOVED_UNLIKE = 0.8, 0.4
# Substances are inseparable from this likeness on where replicates cannot tell what is usual.
_DEFAULT_ALIKE = 0.95
_FEWEST_PAIRS = 20
_LEAST_ALIKE, _MOST_ALIKE = 0.90, 0.99


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What the neighbours said.

    Parameters
    ----------
    alike : float
        Score from which two substances count as inseparable.
    n_replicated : int
        Spectra with a replicate, from which ``alike`` was learned.
    """

    marks: tuple[Mark, ...]
    inseparable: tuple[Pair, ...]
    alike: float
    n_replicated: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Near:
    """The nearest rows of one row, itself and copies of its numbers left out."""

    rows: list[int]
    scores: list[float]
    shifts: list[float]


def judge(index: SectionIndex, entries: Sequence[Entry], progress: Progress | None) -> Judged:
    """Return what the neighbours of every entry of one section say.

    Parameters
    ----------
    index : SectionIndex
    entries : sequence of Entry
        In the order of the index.
    """
    copies = _copies(entries)
    near = _all_near(index, entries, copies, progress)
    rows_of: dict[int, list[int]] = defaultdict(list)
    for row, group in enumerate(index.groups.tolist()):
        rows_of[group].append(row)
    own = [
        _own_best(index, entries[row], row, rows_of, near[row], copies)
        for row in range(len(entries))
    ]
    usual = sorted(score for score in own if score is not None)
    alike = _DEFAULT_ALIKE
    if len(usual) >= _FEWEST_PAIRS:
        alike = float(np.clip(np.median(usual), _LEAST_ALIKE, _MOST_ALIKE))
    marks = [
        *_two_names(entries, index, copies),
        *(
            found
            for row in range(len(entries))
            for found in _of_row(index, entries, row, near, own)
        ),
    ]
    if index.section.is_tandem:
        # An accurate m/z axis is not moved by whole masses, and there is no slide to look for.
        pass
    elif index.section.is_mass:
        marks += _moved(index, entries, rows_of, own)
    else:
        marks += _axis(index, entries, rows_of, own)
    pairs = _pairs(index, entries, near, copies, alike)
    return Judged(marks=tuple(marks), inseparable=pairs, alike=alike, n_replicated=len(usual))


def _copies(entries: Sequence[Entry]) -> list[int]:
    """Return for each row the first row with the same numbers: equal for exact copies."""
    first: dict[bytes, int] = {}
    found: list[int] = []
    for row, entry in enumerate(entries):
        digest = hashlib.sha256(np.ascontiguousarray(entry.draft.x).tobytes())
        digest.update(np.ascontiguousarray(entry.draft.y).tobytes())
        found.append(first.setdefault(digest.digest(), row))
    return found


def _all_near(
    index: SectionIndex,
    entries: Sequence[Entry],
    copies: Sequence[int],
    progress: Progress | None,
) -> list[_Near]:
    found: list[_Near] = []
    for start in range(0, len(copies), _BATCH):
        if progress is not None:
            progress(f"comparing {index.section.value}", start, len(copies))
        rows = np.arange(start, min(start + _BATCH, len(copies)))
        found_here = _search(index, entries, rows)
        for row, (others, scores, shifts) in zip(rows.tolist(), found_here, strict=True):
            kept = [at for at, other in enumerate(others) if copies[other] != copies[row]]
            found.append(
                _Near(
                    rows=[others[at] for at in kept],
                    scores=[scores[at] for at in kept],
                    shifts=[shifts[at] for at in kept],
                )
            )
    return found


def _search(
    index: SectionIndex, entries: Sequence[Entry], rows: IntArray
) -> Iterator[tuple[list[int], list[float], list[float]]]:
    if index.peaks is not None:
        queries = [(entries[row].draft.x, entries[row].draft.y) for row in rows.tolist()]
        for peak_hits in index.peaks.search_many(queries, _LOOKED_AT):
            none = [0.0] * peak_hits.rows.size
            yield peak_hits.rows.tolist(), peak_hits.scores.tolist(), none
    elif index.fragments is not None:
        for row in rows.tolist():
            yield _fragments(index.fragments, entries[row], row)
    elif index.curves is not None:
        queries_on_grid = index.curves.curves(rows)
        try:
            found = index.curves.search_many(queries_on_grid, _LOOKED_AT)
        except SpectrumError:
            # One that compares with nothing must not silence those it came with.
            for one in queries_on_grid:
                yield _alone(index.curves, one)
            return
        for hits in found:
            yield hits.rows.tolist(), hits.scores.tolist(), hits.shifts_cm1.tolist()


def _fragments(
    held: Fragments, entry: Entry, row: int
) -> tuple[list[int], list[float], list[float]]:
    """Return the nearest rows of the entry's own precursor."""
    precursor, sign = float(held.facts.precursors[row]), int(held.facts.polarities[row])
    query = (entry.draft.x, entry.draft.y)
    try:
        hits = held.index.search(query, _LOOKED_AT, precursor_mz=precursor, within=WIDEST)
    except SpectrumError:
        return [], [], []
    kept = held.facts.agreeing(hits.rows, precursor, sign)
    none = [0.0] * int(kept.sum())
    return hits.rows[kept].tolist(), hits.scores[kept].tolist(), none


def _alone(curves: CurveIndex, query: FloatArray) -> tuple[list[int], list[float], list[float]]:
    try:
        hits = curves.search(query, _LOOKED_AT)
    except SpectrumError:
        return [], [], []
    return hits.rows.tolist(), hits.scores.tolist(), hits.shifts_cm1.tolist()


def _own_best(
    index: SectionIndex,
    entry: Entry,
    row: int,
    rows_of: dict[int, list[int]],
    near: _Near,
    copies: Sequence[int],
) -> float | None:
    """Return how alike an entry is to the nearest other spectrum of its substance; None: none."""
    group = int(index.groups[row])
    others = [other for other in rows_of[group] if copies[other] != copies[row]]
    if not others:
        return None
    held = [s for other, s in zip(near.rows, near.scores, strict=True) if other in others]
    if held:
        return max(held)
    best = float(_scores(index, entry, row)[others].max())
    # Curves of different ranges are not comparable: that says nothing of their likeness.
    return None if best <= -1.0 else best


def _scores(index: SectionIndex, entry: Entry, row: int, move: int = 0) -> FloatArray:
    """Return the score of every row for one entry, its m/z moved by ``move``."""
    if index.peaks is not None:
        return index.peaks.scores((entry.draft.x + move, entry.draft.y))
    if index.fragments is not None:
        return _fragment_scores(index.fragments, entry, row)
    nothing = np.full(index.groups.size, -1.0)
    if index.curves is None:
        return nothing
    try:
        found: FloatArray = index.curves.scores(index.curves.curve(row)[None, :])[0].astype(
            np.float64
        )
        return found
    except SpectrumError:
        return nothing


def _fragment_scores(held: Fragments, entry: Entry, row: int) -> FloatArray:
    """Return the score of each row of the entry's own precursor, −1 for all others."""
    found = np.full(len(held), -1.0)
    near, scores, _ = _fragments(held, entry, row)
    found[near] = scores
    return found


def _of_row(
    index: SectionIndex,
    entries: Sequence[Entry],
    row: int,
    near: Sequence[_Near],
    own: Sequence[float | None],
) -> Iterator[Mark]:
    entry, around = entries[row], near[row]
    foreign = [
        at
        for at, other in enumerate(around.rows)
        if index.groups[other] != index.groups[row] and not _isomers(entry, entries[other])
    ]
    best, mine = (foreign[0] if foreign else None), own[row]
    if best is not None:
        other, score = entries[around.rows[best]], around.scores[best]
        # Unnamed derivatives of one parent need not be the same derivative.
        sure = not naming.is_heavier(entry.draft.identity.group)
        if sure and mine is not None and score >= _NEAR and mine <= _FAR:
            text = (
                f"its nearest is {other.substance} ({score:.3f}); the other spectra of "
                f"{entry.substance} are no nearer than {mine:.3f}"
            )
            yield mark(MarkKind.MISLABELLED, entry, text, other.id, score)
        elif mine is None and score >= _ALMOST and _both_weighed(entry, other):
            text = (
                f"almost the spectrum of {other.substance} ({score:.3f}), which has another "
                f"formula ({other.formula}, not {entry.formula})"
            )
            yield mark(MarkKind.MISLABELLED, entry, text, other.id, score)
    yield from _class(index, entry, row, around)


def _isomers(one: Entry, other: Entry) -> bool:
    """Return whether two entries of a mass section are isomers, which no spectrum tells apart."""
    return one.draft.section.is_mass and bool(one.formula) and one.formula == other.formula


def _both_weighed(one: Entry, other: Entry) -> bool:
    return bool(one.formula and other.formula)


def _class(index: SectionIndex, entry: Entry, row: int, around: _Near) -> Iterator[Mark]:
    stated = int(index.classes[row])
    if not stated:
        return
    seen: dict[int, int] = {}
    for other, score in zip(around.rows, around.scores, strict=True):
        group = int(index.groups[other])
        known = score >= _CLASS_NEAR and index.classes[other]
        if group != index.groups[row] and known and group not in seen:
            seen[group] = int(index.classes[other])
    classes = list(seen.values())[:_CLASS_NEIGHBOURS]
    if len(classes) < _CLASS_NEIGHBOURS:
        return
    commonest, count = Counter(classes).most_common(1)[0]
    if commonest != stated and count >= _CLASS_AGREE and stated not in classes:
        text = (
            f"stated {index.class_names[stated]}, but {count} of its {len(classes)} nearest "
            f"substances are {index.class_names[commonest]}"
        )
        yield mark(MarkKind.CLASS, entry, text)


def _axis(
    index: SectionIndex,
    entries: Sequence[Entry],
    rows_of: dict[int, list[int]],
    own: Sequence[float | None],
) -> Iterator[Mark]:
    """Yield curves that meet most of their replicates better after a slide of the whole axis.

    The slide of a search is kept short; here it may be as long as a wrong laser line makes it.
    """
    if index.curves is None:
        return
    for row, mine in enumerate(own):
        if mine is None or mine >= _SURELY_ALIKE:
            continue
        others = {each for each in rows_of[int(index.groups[row])] if each != row}
        try:
            hits = index.curves.search(
                index.curves.curve(row), len(others) + _LOOKED_AT, max_shift_cm1=_WIDEST_CM1
            )
        except SpectrumError:
            continue
        met = [
            (shift, score)
            for other, score, shift in zip(
                hits.rows.tolist(), hits.scores.tolist(), hits.shifts_cm1.tolist(), strict=True
            )
            if other in others and score >= max(_SHIFT_ALIKE, mine + _SHIFT_GAIN)
        ]
        slides = [shift for shift, _ in met]
        together = bool(slides) and max(slides) - min(slides) <= _SHIFT_CM1
        if len(met) >= 2 and together and min(map(abs, slides)) >= _SHIFT_CM1:
            middle = float(np.median(slides))
            text = (
                f"its axis is {-middle:+.0f} cm-1 off from {len(met)} replicates "
                f"({max(score for _, score in met):.3f} after the slide, {mine:.3f} before)"
            )
            yield mark(MarkKind.OFF_AXIS, entries[row], text)


def _moved(
    index: SectionIndex,
    entries: Sequence[Entry],
    rows_of: dict[int, list[int]],
    own: Sequence[float | None],
) -> Iterator[Mark]:
    """Yield mass spectra that meet their replicates only one m/z beside."""
    for row, mine in enumerate(own):
        if mine is None or mine > _UNMOVED_UNLIKE:
            continue
        others = [each for each in rows_of[int(index.groups[row])] if each != row]
        for move in (-1, 1):
            best = float(_scores(index, entries[row], row, move)[others].max())
            if best >= _MOVED_ALIKE:
                text = f"meets its replicates only with m/z moved by {move:+d} ({best:.3f})"
                yield mark(MarkKind.OFF_AXIS, entries[row], text, "", best)


def _two_names(
    entries: Sequence[Entry], index: SectionIndex, copies: Sequence[int]
) -> Iterator[Mark]:
    for row, first in enumerate(copies):
        if first != row and index.groups[first] != index.groups[row]:
            other = entries[first]
            text = f"the same numbers as {other.substance} (entry {other.id})"
            yield mark(MarkKind.TWO_NAMES, entries[row], text, other.id, 1.0)


def _pairs(
    index: SectionIndex,
    entries: Sequence[Entry],
    near: Sequence[_Near],
    copies: Sequence[int],
    alike: float,
) -> tuple[Pair, ...]:
    best: dict[tuple[str, str], tuple[float, str, str]] = {}

    def met(row: int, other: int, score: float) -> None:
        one, two = sorted(
            (entries[at].draft.identity.group, entries[at].substance) for at in (row, other)
        )
        key = (one[0], two[0])
        if key not in best or score > best[key][0]:
            best[key] = (score, one[1], two[1])

    for row, around in enumerate(near):
        for other, score in zip(around.rows, around.scores, strict=True):
            if score >= alike and index.groups[other] != index.groups[row]:
                met(row, other, score)
    for row, first in enumerate(copies):
        if index.groups[first] != index.groups[row]:
            met(row, first, 1.0)
    return tuple(
        Pair(groups=key, substances=(one, two), score=round(score, 6))
        for key, (score, one, two) in sorted(best.items())
    )


__all__ = ["Judged", "Pair", "judge"]
