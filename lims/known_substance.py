"""A substance that a control or a standard is: its one name, and whether an answer names it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lims.errors import RecordError
from spectra.axis_standards import STANDARDS
from spectra.tune_standards import TUNE_STANDARDS


def named_substance(text: str) -> str:
    """Return the one spelling of a substance's name.

    Raises
    ------
    RecordError
        The table does not know it: a control must be something that can be told.
    """
    from libraries import substances

    found = substances.table().find(text)
    if found is None:
        raise RecordError(
            f"the substances table does not know {text[:60]!r}",
            hint="See `fol substance search`; standards with values of their own are "
            f"{', '.join((*STANDARDS, *TUNE_STANDARDS, 'alkanes'))}.",
        )
    return found.name


def named_in(result: Mapping[str, Any], name: str) -> tuple[bool, float | None]:
    """Return whether an answer names the substance alone, and its best score."""
    from lims import matching

    is_named, best = False, None
    for answer in matching.answers(result):
        for hit in answer["hits"]:
            if is_same(hit["substance"], name) and (best is None or hit["hqi"] > best):
                best = float(hit["hqi"])
        decision = answer["decision"]
        if decision["state"] in ("match", "match_group"):
            is_named = is_named or any(is_same(each, name) for each in decision["substances"])
    return is_named, best


def is_same(said: str, name: str) -> bool:
    """Whether a library's word for a substance means this one."""
    from libraries import substances

    found = substances.table().find(said)
    return (found.name if found is not None else said).casefold() == name.casefold()
