"""A stored match read back as typed answers, and the lines that say what it supports.

Input is the documented ``results`` entry of ``fol.match/1``; anything missing or odd in an old or
foreign record becomes an empty value, never a crash. A guess is never worded as an identification.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# Strongest first; an officer's one-line word for each.
STATES: Mapping[str, str] = {
    "match": "Presumptive",
    "match_group": "Presumptive, one of",
    "mixture": "Presumptive mixture",
    "analogue_candidate": "Not in any library: candidate analogue",
    "class_only": "Class only",
    "unexplained": "Unexplained parts",
    "no_match": "No match in the library",
    "insufficient": "Spectrum not good enough",
}
_NAMED = ("match", "match_group", "mixture")
_CLASSED = ("analogue_candidate", "class_only")
_HIGH = ("H1", "H2")


@dataclass(frozen=True, slots=True, kw_only=True)
class HitLine:
    """One ranked reference."""

    rank: int
    name: str
    substance: str
    library: str
    version: str
    entry: str
    hqi: float
    hazard: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one spectrum or peak of a run supports."""

    index: int
    title: str
    retention_time_s: float | None
    area_fraction: float | None
    state: str
    substances: tuple[str, ...]
    isomers: tuple[str, ...]
    alpha: float | None
    n_calibration: int | None
    reasons: tuple[str, ...]
    hits: tuple[HitLine, ...]
    analogue: Mapping[str, Any]
    mixture: Mapping[str, Any]
    hazard: str
    poor: tuple[str, ...]
    """Why the spectrum is not good enough; empty when it is."""
    hazard_group: str = ""


def answers(match: Mapping[str, Any]) -> tuple[Answer, ...]:
    """Return the answers of a stored match, in its order."""
    rows = _list(match.get("peaks")) or _list(match.get("spectra"))
    return tuple(_answer(index, row) for index, row in enumerate(rows) if isinstance(row, Mapping))


def decisive(found: Sequence[Answer], level: str = "") -> int:
    """Return the position of the answer to show first; 0 if there is none.

    The most dangerous one that says something, then the first of ``level``, then the strongest.
    """
    order = list(STATES)

    def rank(position: int) -> tuple[int, bool, int, int]:
        answer = found[position]
        telling = answer.state in (*_NAMED, *_CLASSED)
        danger = int(answer.hazard_group[1]) if telling and answer.hazard_group in _HIGH else 9
        strength = order.index(answer.state) if answer.state in order else len(order)
        return danger, not (level and answer.state == level), strength, position

    return min(range(len(found)), key=rank, default=0)


def statement(answer: Answer) -> str:
    """Return the one line an answer supports: a name only where the decision carries one."""
    word = STATES.get(answer.state, f"Unknown decision ({answer.state or 'none'})")
    if answer.state == "match_group":
        return f"{word}: {', '.join(answer.isomers or answer.substances) or '(not named)'}"
    if answer.state == "mixture":
        return f"{word}: {' + '.join(answer.substances) or '(not named)'}"
    if answer.state in _NAMED:
        return f"{word}: {', '.join(answer.substances) or '(not named)'}"
    if answer.state in _CLASSED:
        named = _text(answer.analogue.get("class")) or "class not stated"
        return f"{word} of {named}" if answer.state == "analogue_candidate" else f"{word}: {named}"
    return word


def strength(answer: Answer) -> str:
    """Return the calibrated false-accept rate with its n and the best HQI, if it has any."""
    if answer.alpha is None:
        return "not calibrated"
    n = f", n {answer.n_calibration:,}" if answer.n_calibration is not None else ""
    best = f" · HQI {answer.hits[0].hqi:.3f}" if answer.hits else ""
    return f"α {answer.alpha:.3g}{n}{best}"


def evidence(answer: Answer) -> list[str]:
    """Return the further lines a reviewer needs: isomers, analogue evidence, mixture, quality."""
    lines = [f"! {reason}" for reason in answer.poor]
    if answer.state == "match" and answer.isomers:
        lines.append(f"! cannot exclude: {', '.join(answer.isomers)}")
    if answer.state in _NAMED:
        lines.append("Not a confirmation: a second technique is needed.")
    lines.extend(answer.reasons)
    lines.extend(_analogue_lines(answer.analogue))
    mixed = _maps(answer.mixture, "components")
    parts = [_text(part.get("name") or part.get("substance")) for part in mixed]
    if any(parts):
        lines.append(f"components: {' + '.join(part for part in parts if part)}")
    return [line for line in lines if line]


def _analogue_lines(analogue: Mapping[str, Any]) -> list[str]:
    if not analogue:
        return []
    lines = []
    for label, name in (
        ("grade", "candidate_grade"),
        ("nearest", "nearest"),
        ("mass shift", "mass_shift"),
        ("explained by", "explanations"),
        ("shared ions", "shared_ions"),
        ("site", "site"),
        ("legal", "legal"),
        ("against", "against"),
    ):
        said = _said(analogue.get(name))
        if said:
            lines.append(f"{label}: {said}")
    lines.extend(_change_lines(analogue))
    return lines


def _change_lines(analogue: Mapping[str, Any]) -> list[str]:
    """Return atoms of the shift, look-alikes, what else it may be, and what was proposed."""
    lines = []
    atoms = [_text(each.get("atoms")) for each in _maps(analogue, "shift_atoms")]
    if any(atoms):
        lines.append(f"atoms of the shift: {' or '.join(dict.fromkeys(a for a in atoms if a))}")
    alike = [name for each in _maps(analogue, "isomers") for name in _texts(each.get("names"))]
    if alike:
        lines.append(f"known ones that would look the same: {', '.join(alike)}")
    for each in _maps(analogue, "checks"):
        outcome, what = _text(each.get("outcome")), _text(each.get("check"))
        lines.append(f"{outcome}: {what} ({_text(each.get('words'))})")
    proposals = _map(analogue.get("proposals"))
    structures = _maps(proposals, "structures")
    if structures:
        lines.append(f"proposed, not identified: {len(structures)} structures on record")
        lines.extend(f"  {_text(each.get('smiles'))}" for each in structures[:3])
    return lines


def _said(value: object) -> str:
    """Return a JSON value as words."""
    if isinstance(value, Mapping):
        named = value.get("text") or value.get("name") or value.get("substance")
        if named:
            return _text(named)
        return ", ".join(f"{key} {_said(v)}" for key, v in value.items() if _said(v))
    if isinstance(value, (list, tuple)):
        return "; ".join(said for said in map(_said, value) if said)
    if isinstance(value, bool) or value is None:
        return "yes" if value else ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _group(hazard: object) -> str:
    return _text(hazard.get("group")) if isinstance(hazard, Mapping) else ""


def _answer(index: int, row: Mapping[str, Any]) -> Answer:
    decision = _map(row.get("decision"))
    quality = _map(row.get("quality"))
    good = quality.get("ok", True)
    return Answer(
        index=index,
        title=_text(row.get("title")),
        retention_time_s=_number(row.get("retention_time_s")),
        area_fraction=_number(row.get("area_fraction")),
        state=_text(decision.get("state")),
        substances=_texts(decision.get("substances")),
        isomers=_texts(decision.get("isomer_group")),
        alpha=_number(decision.get("alpha")),
        n_calibration=_whole(decision.get("n_calibration")),
        reasons=_texts(decision.get("reasons")),
        hits=tuple(_hit(i, h) for i, h in enumerate(_list(row.get("hits"))) if _map(h)),
        analogue=_map(row.get("analogue")),
        mixture=_map(row.get("mixture")),
        hazard=_said(row.get("hazard")),
        hazard_group=_group(row.get("hazard")),
        poor=() if good else _texts(quality.get("reasons")) or ("quality check failed",),
    )


def _hit(position: int, row: Mapping[str, Any]) -> HitLine:
    return HitLine(
        rank=_whole(row.get("rank")) or position + 1,
        name=_text(row.get("name")) or _text(row.get("substance")),
        substance=_text(row.get("substance")),
        library=_text(row.get("library")),
        version=_text(row.get("library_version")),
        entry=_text(row.get("entry")),
        hqi=_number(row.get("hqi")) or 0.0,
        hazard=_said(row.get("hazard")),
    )


def _map(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _maps(value: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    return [row for row in _list(value.get(name)) if isinstance(row, Mapping)]


def _list(value: object) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else []


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,) if value else ()
    return tuple(_said(item) for item in _list(value) if _said(item))


def _number(value: object) -> float | None:
    usable = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if usable and math.isfinite(float(value)) else None  # type: ignore[arg-type]


def _whole(value: object) -> int | None:
    number = _number(value)
    return None if number is None else int(number)
