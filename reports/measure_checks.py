"""What a hub checks of the counts and times in a report before it stores them. Pure.

The schema says what may stand there; this says whether it can be: real days, sums that add up.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

_MOST = 10**9
"""No laboratory counts further; larger figures would only break those who add them up."""


def problem(said: Mapping[str, Any]) -> str:
    """Return what cannot be in a document that fits the schema, or empty."""
    day = said["header"]["day"]
    for month in said.get("field_tools", ()):
        if wrong := _month(month, day):
            return f"field tools of {month['month']}: {wrong}"
    found = said.get("turnaround")
    if found is not None and (wrong := _turnaround(found)):
        return f"turnaround: {wrong}"
    found = said.get("exceptions")
    if found is not None:
        for each in found["lines"]:
            if not _is_moment(each["at"]) or not _is_moment(each["resolved_at"] or each["at"]):
                return f"exceptions: {each['sample'][:40]} has a time that is none"
    return ""


def _month(said: Mapping[str, Any], day: str) -> str:
    until = said["until"]
    if not _is_day(until) or until[:7] != said["month"] or until > day:
        return f"{until} is no day of it up to {day}"
    counts = [said[name] for name in ("named", "no_match", "not_tested")]
    if sum(counts) != said["submitted"] or said["submitted"] > _MOST:
        return f"{' + '.join(map(str, counts))} are not the {said['submitted']} submitted"
    if sum(each["samples"] for each in said["outcomes"]) != said["no_match"]:
        return f"the outcomes are not the {said['no_match']} without a match"
    for each in (*said["outcomes"], *said["found"]):
        if sum(each["tools"].values()) != each["samples"] or each["samples"] > said["no_match"]:
            return "the samples by kind of tool do not add up"
    tested = sum(each["tested"] for each in said["tools"])
    if tested != said["named"] + said["no_match"]:
        return f"the tools tested {tested}"
    return ""


def _turnaround(said: Mapping[str, Any]) -> str:
    if not _is_moment(said["at"]):
        return f"{said['at']} is no moment"
    for stage in said["stages"]:
        times = [
            stage[name] or 0
            for name in ("median", "p90", "median_with_open", "target", "oldest_open")
        ]
        if max(*times, stage["finished"], stage["open"]) > _MOST:
            return f"{stage['name']}: a figure beyond any laboratory"
        work = "finished" if stage["finished"] else "only_open" if stage["open"] else "nothing"
        if stage["work"] != work:
            return f"{stage['name']}: {stage['work']} with {stage['finished']} finished"
        if not stage["finished"] and (stage["median"], stage["within_target"]) != (None, None):
            return f"{stage['name']}: a time of nothing finished"
    return ""


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
