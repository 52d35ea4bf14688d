"""Unknowns and requests for confirmation as sections of a report. Adds no facts of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from reports.document import ConfirmationLine, UnknownLine
from reports.layout import NONE, Column, Section, clean

_SAMPLES_SHOWN = 6
_ANSWERS = {
    "open": "no answer yet",
    "identified": "identified",
    "not_identified": "not identified there either",
}


def unknown_section(unknowns: Sequence[UnknownLine]) -> Section:
    """Return the clusters of unknowns met or changed on the day."""
    return Section(
        id="unknowns",
        heading="Unknowns: not identified",
        intro="Samples under one code hold spectra so alike that they are taken for one unknown. "
        "Isomers can look the same."
        if unknowns
        else "",
        empty="None.",
        columns=(
            Column(label="Code", width=1.3), Column(label="Class", width=1.3),
            Column(label="Concluded today", width=1.7),
            Column(label="In all", number=True, width=0.6),
            Column(label="First", width=0.9), Column(label="Last", width=0.9),
            Column(label="From", width=0.8), Column(label="State", width=2),
        ),
        rows=tuple(
            clean(
                each.code,
                each.class_name or NONE,
                _listed(each.today),
                str(each.samples),
                _day(each.first_day),
                _day(each.last_day),
                ", ".join(each.origins) or NONE,
                state_of(each),
            )
            for each in unknowns
        ),
    )  # fmt: skip


def _listed(samples: Sequence[str]) -> str:
    shown = ", ".join(samples[:_SAMPLES_SHOWN])
    left = len(samples) - _SAMPLES_SHOWN
    return f"{shown} and {left} more" if left > 0 else shown or NONE


def state_of(each: UnknownLine) -> str:
    """Return what became of a cluster, in words."""
    if each.merged_into:
        return f"the same as {each.merged_into}"
    if each.name:
        return f"named {each.name} on {_day(each.named_on)}"
    return "not identified"


def confirmation_section(asked: Sequence[ConfirmationLine]) -> Section:
    """Return the candidates at a regional lab, and what it answered on the day."""
    return Section(
        id="confirmations",
        heading="Sent for confirmation",
        columns=(
            Column(label="Sample", width=1.5), Column(label="Candidate of", width=1.3),
            Column(label="Sent to", width=1.5), Column(label="On", width=0.9),
            Column(label="Days", number=True, width=0.6), Column(label="Answer", width=2.2),
        ),
        rows=tuple(
            clean(
                each.sample,
                each.class_name or NONE,
                each.sent_to,
                _day(each.sent_on),
                str(each.days),
                answer_of(each),
            )
            for each in asked
        ),
    )  # fmt: skip


def answer_of(each: ConfirmationLine) -> str:
    """Return what a regional lab said, in words."""
    said = _ANSWERS[each.state]
    if each.substance:
        said += f" as {each.substance} on {_day(each.answered_on)}"
    return f"{said}, report {each.reference}" if each.reference else said


def _day(day: date | None) -> str:
    return NONE if day is None else day.isoformat()
