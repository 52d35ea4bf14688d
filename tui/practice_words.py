"""What the practice screen and ``fol practice`` say of an answer: one wording for both. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lims.practice import Say, Verdict
from tui.moments import local

if TYPE_CHECKING:
    from lims.practice import Solution
    from tui.practice_tally import Tally

_SAYS = {
    Say.NO_MATCH: "no match",
    Say.CANDIDATE: "candidate analogue",
    Say.IDENTIFIED: "identified",
}
_COUNTED = {
    Verdict.RIGHT: "right",
    Verdict.TOO_MUCH: "claimed too much",
    Verdict.TOO_LITTLE: "claimed too little",
    Verdict.OTHER: "another substance",
}
_WHY = {
    Verdict.RIGHT: "✓ right: as the lab answered",
    Verdict.TOO_MUCH: "✗ that claims more than the lab found supported",
    Verdict.TOO_LITTLE: "✗ that claims less than the lab found supported",
    Verdict.OTHER: "✗ the lab named another substance",
}


def tally_words(tally: Tally) -> str:
    """Return a tally in one line."""
    if tally.trouble:
        return f"this answer could not be kept: {tally.trouble}"
    if not tally.answered:
        return "nothing answered yet"
    parts = [
        f"{tally.counts[each]} {word}" for each, word in _COUNTED.items() if tally.counts[each]
    ]
    return f"{tally.answered} answered: {', '.join(parts)}"


def verdict_line(solution: Solution) -> str:
    """Return how the answer was, in one line."""
    return _WHY[solution.verdict]


def answer_lines(solution: Solution, timezone: str) -> list[str]:
    """Return the lab's own answer: what it said, of which sample, who reviewed it, what came."""
    said = _SAYS[solution.answer]
    if solution.answer is Say.IDENTIFIED:
        said = f"{said} as {' or '.join(solution.substances)}"
    elif solution.answer is Say.CANDIDATE and solution.class_name:
        said = f"{said} of class {solution.class_name}"
    reviewed = ""
    if solution.reviewed_at is not None:
        reviewed = f", {local(solution.reviewed_at, timezone)}"
    lines = [
        f"the lab's answer: {said}",
        f"{solution.sample} · {solution.headline}",
        f"by {solution.by}, reviewed by {solution.reviewer}{reviewed}",
    ]
    if solution.conclusion:
        lines.append(f"the sample: {solution.conclusion}")
    return [*lines, *(f"beside it, {each}" for each in solution.later)]
