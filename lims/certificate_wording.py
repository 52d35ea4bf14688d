"""The fixed words of a report: what each level of a conclusion says, and what a signature means.

No author may type these. A candidate's words never carry a substance's name. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lims.model import ConclusionLevel
from lims.statements import Statement

TITLES = {"final": "Certificate of analysis", "preliminary": "Preliminary report"}

RELATES = "The results relate only to the items tested, as they were received."
WHOLE = "This report may be reproduced in full only; a part of it may say something else."
TRAINING = "Training, not for casework: nothing in this report is evidence."
PRELIMINARY = (
    "Preliminary: the work is not finished. It must not be used as a final report, and is not "
    "amended into one."
)
SIGNATURES = {
    "author": "wrote this report from the laboratory's record",
    "technical": "reviewed the results, their data and what is concluded from them, and agrees",
    "administrative": "reviewed the report for completeness, custody and form, and agrees",
    "authoriser": "authorises the release of this report",
}
"""What each person's signature means, by what they did."""

_LEVEL_WORDS = {
    ConclusionLevel.CONFIRMED: "Identified",
    ConclusionLevel.PRESUMPTIVE: "Presumptive, not identified",
    ConclusionLevel.CANDIDATE: "Candidate, not identified",
    ConclusionLevel.NO_MATCH: "No match",
    ConclusionLevel.NOT_DETECTED: "Not detected",
    ConclusionLevel.INCONCLUSIVE: "Inconclusive",
}


def level_words(level: str) -> str:
    """Return the level as a report heads it."""
    return _LEVEL_WORDS[ConclusionLevel(level)]


def conclusion(level: str, text: str, missing: Sequence[str], rule: str) -> str:
    """Return the sentence a report carries for a conclusion.

    >>> conclusion("presumptive", "presumptive: cocaine", ["a second technique"], "edition 1")
    'Presumptive result, not an identification: cocaine. For an identification is missing: a \
second technique.'
    """
    said = text.removeprefix(f"{level}: ")
    lacking = "; ".join(missing)
    known = ConclusionLevel(level)
    if known is ConclusionLevel.CONFIRMED:
        return f"Identified: {said}, by {rule}."
    if known is ConclusionLevel.PRESUMPTIVE:
        return (
            f"Presumptive result, not an identification: {said}."
            f"{_lacking('For an identification is missing', lacking)}"
        )
    if known is ConclusionLevel.CANDIDATE:
        return (
            f"Not identified: {said}. A candidate is a substance that no library of this "
            "laboratory holds; its class is an indication, and no substance is named by it."
            f"{_lacking('For an identification is missing', lacking)}"
        )
    if known is ConclusionLevel.NO_MATCH:
        return f"Not identified: {said}. This does not say that nothing of concern is in it."
    if known is ConclusionLevel.NOT_DETECTED:
        return f"Not detected: {said}. Below the limits of detection a substance may be present."
    return f"Inconclusive: {said}.{_lacking('Missing', lacking)}"


def _lacking(front: str, lacking: str) -> str:
    return f" {front}: {lacking}." if lacking else ""


NOT_CONCLUDED = "No conclusion has been drawn. Single results are below."


def statement(said: Statement, verdict: str) -> str:
    """Return what one spectrum or peak supports, in fixed words; a name only where decided."""
    names = said.substances
    if said.state == "match":
        beside = f" (not distinguished from {_either(said.isomers)})" if said.isomers else ""
        return f"consistent with {names[0]}{beside}"
    if said.state == "match_group":
        return f"consistent with {_either(names)} (not distinguished)"
    if said.state == "mixture":
        return f"consistent with a mixture of {', '.join(names)}"
    if said.state == "analogue_candidate":
        if verdict == "dismissed":
            return "an indication of a class was dismissed in review; not identified"
        name = said.class_name or "a known class"
        return f"not in library: candidate analogue of {name}; substance not identified"
    if said.state == "class_only":
        return f"class indicated: {said.class_name or 'not stated'}; substance not identified"
    if said.state == "insufficient":
        return "not usable for a comparison"
    return "no match in the libraries searched"


def _either(names: Sequence[str]) -> str:
    return " or ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else names[0]


def limitations(items: Sequence[Mapping[str, Any]], *, training: bool, kind: str) -> list[str]:
    """Return what must be said of the whole report, from what its items say."""
    said = [RELATES, WHOLE]
    if training:
        said.insert(0, TRAINING)
    if kind == "preliminary":
        said.insert(0, PRELIMINARY)
    for item in items:
        number = item["sample"]
        steps = item["custody"]["steps"]
        behalf = sum(bool(step["on_behalf"]) for step in steps)
        late = sum(bool(step["occurred_at"]) for step in steps)
        if behalf:
            said.append(f"{number}: {behalf} steps of custody were recorded on people's behalf.")
        if late:
            said.append(f"{number}: {late} steps of custody were entered late.")
        if item["conclusion"] is not None:
            said += [f"{number}: {each}." for each in item["conclusion"]["limitations"]]
        said += [f"{number}: {each}." for each in item["released_holds"]]
        if item["left_out"]:
            said.append(
                f"{number}: results that do not stand, listed there: {len(item['left_out'])}."
            )
    return said
