"""The lists of a daily report: declared against found, candidates, flagged, routes. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lims.model import ConclusionLevel, ReportRow
from reports.document import Candidate, DeclaredFound, Flagged, Route, SubstanceFact, WatchItem
from reports.records import IDENTIFIED, destination_of, identified

FLAGGED_ROLES = frozenset({"adulterant", "precursor"})
"""Roles that matter whether or not the substance is controlled."""
UNKNOWN_PLACE = "not stated"
_WORD = re.compile(r"[^\W_]+", re.UNICODE)

PROPOSED = "proposed, not identified"
_MOST_CHECKS = 8
_MOST_PROPOSED = 5


def _words(text: str) -> str:
    return f" {' '.join(_WORD.findall(text.casefold()))} "


def declares(goods: str, substance: str, facts: Mapping[str, SubstanceFact]) -> bool:
    """Say whether the declared goods name the substance or a synonym, as whole words.

    In a text of several words a drug's other names do not count: many are words of every day.
    """
    text, fact = _words(goods), facts.get(substance.casefold())
    names = [_words(name) for name in (substance, *(fact.synonyms if fact else ()))]
    if text.strip() and text in names:
        return True
    telling = names[:1] if fact is not None and fact.role in ("drug", "precursor") else names
    return any(words in text for words in telling if words.strip())


def declared_against_found(
    rows: Iterable[ReportRow], facts: Mapping[str, SubstanceFact]
) -> tuple[DeclaredFound, ...]:
    """Return every concluded row with its verdict, those that differ first.

    A method that cannot see the declared goods is not a difference: without an identified
    substance the verdict is ``cannot say``.
    """
    found = []
    for row in rows:
        if row.concluded_at is None:
            continue
        names = identified(row)
        if not names:
            verdict = "cannot say"
        elif all(declares(row.declared_goods, name, facts) for name in names):
            verdict = "agrees"
        else:
            verdict = "differs"
        found.append(
            DeclaredFound(
                sample=row.sample,
                declared=row.declared_goods,
                declared_value=row.declared_value,
                declared_weight=row.declared_weight,
                found=", ".join(names) or outcome(row),
                verdict=verdict,
                origin=row.origin,
                destination=destination_of(row),
                notes=row.notes,
            )
        )
    order = {"differs": 0, "cannot say": 1, "agrees": 2}
    return tuple(sorted(found, key=lambda item: (order[item.verdict], item.sample)))


def outcome(row: ReportRow) -> str:
    """Return the outcome of a row without an identified substance, in words."""
    level = row.level
    if level == ConclusionLevel.CANDIDATE:
        return f"not identified; candidate analogue of {_class_of(row)}"
    words = {
        ConclusionLevel.NO_MATCH.value: "no match in the libraries",
        ConclusionLevel.NOT_DETECTED.value: "nothing detected",
        ConclusionLevel.INCONCLUSIVE.value: "inconclusive",
        "": "waiting",
    }
    return words.get(level, "no substance named" if level in IDENTIFIED else level)


def _class_of(row: ReportRow) -> str:
    named = _text((row.candidate or {}).get("class")) or ", ".join(row.classes)
    return named or "unknown class"


def _text(value: object) -> str:
    """One short text for a value of an analogue assessment, whatever its shape."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4f}".rstrip("0").rstrip(".")
    if isinstance(value, Mapping):
        lead = value.get("name") or value.get("substance") or value.get("text")
        rest = (
            f"{key} {_text(item)}"
            for key, item in value.items()
            if key in ("hqi", "score", "mass_shift", "similarity", "formula", "delta_da", "library")
            and item not in (None, "")
        )
        tail = ", ".join(rest)
        if lead:
            return f"{_text(lead)} ({tail})" if tail else _text(lead)
        return ", ".join(f"{key} {_text(item)}" for key, item in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return ", ".join(_text(item) for item in value)
    return str(value)


def _texts(value: object, limit: int = 8) -> tuple[str, ...]:
    if value is None or value == "":
        return ()
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return tuple(text for item in value[:limit] if (text := _text(item)))
    return (_text(value),)


def _checks(value: object) -> tuple[str, ...]:
    """Return each check of a candidate in words: what was asked and what came of it."""
    items = value if isinstance(value, Sequence) and not isinstance(value, str | bytes) else ()
    return tuple(
        f"{_text(each.get('outcome'))}: {_text(each.get('check'))} ({_text(each.get('words'))})"
        for each in items[:_MOST_CHECKS]
        if isinstance(each, Mapping)
    )


def _proposed(value: object) -> tuple[str, ...]:
    """Return the first proposed structures of a candidate; every one says that it is none."""
    structures = value.get("structures") if isinstance(value, Mapping) else None
    items = structures if isinstance(structures, list | tuple) else ()
    said = []
    for each in items[:_MOST_PROPOSED]:
        if isinstance(each, Mapping):
            site = _text(each.get("site"))
            facts = f"{_text(each.get('formula'))}; {site}" if site else _text(each.get("formula"))
            said.append(f"{PROPOSED}: {_text(each.get('smiles'))} ({facts})")
    return tuple(said)


def candidates(
    rows: Iterable[ReportRow], ways: Mapping[str, str] | None = None
) -> tuple[Candidate, ...]:
    """Return the candidate analogues: class, grade and evidence; never an identified name.

    Parameters
    ----------
    ways : mapping of str to str, optional
        By sample, where a candidate stands that was sent for confirmation.
    """
    found = []
    for row in rows:
        if row.level != ConclusionLevel.CANDIDATE:
            continue
        data: Mapping[str, Any] = row.candidate or {}
        name = _class_of(row)
        found.append(
            Candidate(
                sample=row.sample,
                class_name=name,
                grade=_text(data.get("candidate_grade") or data.get("grade")),
                statement=f"not identified: not in the libraries; candidate analogue of {name}",
                nearest=_texts(data.get("nearest")),
                mass_shift=_text(data.get("mass_shift")),
                explanations=_texts(data.get("explanations")),
                shared_ions=_texts(data.get("shared_ions")),
                legal=_text(data.get("legal")),
                against=_texts(data.get("against")),
                site=_text(data.get("site")),
                checks=_checks(data.get("checks")),
                proposed=_proposed(data.get("proposals")),
                origin=row.origin,
                destination=destination_of(row),
                way=(ways or {}).get(row.sample, ""),
            )
        )
    return tuple(found)


def flagged(
    rows: Iterable[ReportRow],
    facts: Mapping[str, SubstanceFact],
    watch: Sequence[WatchItem],
) -> tuple[Flagged, ...]:
    """Return identified substances that are not known to be controlled and still matter.

    Reasons: the role (adulterant, precursor), a watch-list item met by substance and destination,
    or a declaration that names something else while the record holds a note about the parcel.
    """
    found = []
    for row in rows:
        for name in identified(row):
            fact = facts.get(name.casefold())
            if fact is not None and fact.controlled:
                continue
            reasons = []
            if fact is not None and fact.role in FLAGGED_ROLES:
                reasons.append(f"role: {fact.role}")
            reasons += [f"watch list: {watch_words(item)}" for item in watch if meets(row, item)]
            if row.notes and not declares(row.declared_goods, name, facts):
                reasons.append(f"declared {row.declared_goods}")
            if reasons:
                found.append(
                    Flagged(
                        sample=row.sample,
                        substance=name,
                        reasons=tuple(reasons),
                        declared=row.declared_goods,
                        origin=row.origin,
                        destination=destination_of(row),
                    )
                )
    return tuple(found)


def meets(row: ReportRow, item: WatchItem) -> bool:
    """Say whether an identified substance of the row and its destination meet a watch-list item."""
    wanted = item.substance.casefold()
    names = [name.casefold() for name in identified(row)]
    if (wanted and wanted not in names) or (not wanted and not names):
        return False
    place = _words(f"{row.destination} {row.destination_country}")
    return not item.areas or any(_words(area) in place for area in item.areas if area.strip())


def watch_words(item: WatchItem) -> str:
    """Return a watch-list item as one phrase."""
    where = " / ".join(item.areas) or "any destination"
    what = item.substance or "any substance"
    note = f" ({item.note})" if item.note else ""
    return f"{what} to {where}{note}"


def routes(rows: Sequence[ReportRow], places: Sequence[str]) -> tuple[Route, ...]:
    """Return counts per place, busiest first; ``places`` runs beside ``rows``."""
    table: dict[str, list[int]] = {}
    for row, place in zip(rows, places, strict=True):
        counts = table.setdefault(place or UNKNOWN_PLACE, [0, 0, 0])
        counts[0] += 1
        counts[1] += row.concluded_at is not None
        counts[2] += bool(identified(row))
    ordered = sorted(table.items(), key=lambda item: (-item[1][0], item[0]))
    return tuple(
        Route(place=place, submitted=submitted, tested=tested, found=found)
        for place, (submitted, tested, found) in ordered
    )
