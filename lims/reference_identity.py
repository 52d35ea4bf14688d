"""Which substance a reference is said to be, and what on record speaks against it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lims import drawn as rule
from lims import fields, statements
from lims.errors import RecordError, StateError
from lims.model import Conclusion, ConclusionLevel, Finding
from lims.statements import CLASSED, NAMED

_INCHIKEY = re.compile(r"[A-Z]{14}-[A-Z]{10}-[A-Z]")
_BASE = frozenset(("", "base", "free base", "freebase", "none"))


@dataclass(frozen=True, slots=True)
class Named:
    """A substance as two people sign it; ``inchikey`` is empty where none was given."""

    name: str
    inchikey: str
    salt: str


def resolved(substance: str, inchikey: str = "", salt: str = "") -> Named:
    """Return the substance that a name, CAS number or InChIKey stands for.

    Raises
    ------
    RecordError
        Nothing was named, two parts of it contradict each other, or the salt is none that is known.
    """
    from libraries import harmonise, naming, substances

    text = fields.line(substance, "the substance", required=True)
    stated = fields.line(inchikey, "the InChIKey").upper()
    if stated and not _INCHIKEY.fullmatch(stated):
        raise RecordError(f"{inchikey[:40]!r} is not an InChIKey")
    form = _salt(salt, harmonise.salt(text))
    table = substances.table()
    if _INCHIKEY.fullmatch(text.upper()):
        text = text.upper()
        if stated not in ("", text):
            raise RecordError(f"{text} and {stated} are two substances")
        by_key = table.by_inchikey(text)
        if by_key is None or by_key.inchikey != text:
            raise RecordError(
                f"no substance of the table has the InChIKey {text}",
                hint="Give its name with --substance and the key with --inchikey.",
            )
        return Named(by_key.name, text, form)
    known = naming.known(text) or table.find(text)
    if known is None:
        return Named(_bare(text, form), stated, form)
    if stated and stated != known.inchikey:
        raise RecordError(
            f"{known.name} has the InChIKey {known.inchikey}, not {stated}",
            hint="Leave one of them out, or correct it.",
        )
    return Named(known.name, known.inchikey, form)


def _salt(told: str, in_name: str) -> str:
    from libraries import harmonise

    text = fields.line(told, "the salt form").lower()
    if text in _BASE:
        if text and in_name:
            raise RecordError(f"the name says {in_name}, the salt form says {text}")
        return in_name
    found = harmonise.salt(f"x {text}")
    if not found:
        raise RecordError(
            f"{told[:40]!r} is not a salt form that names are compared by",
            hint="For example hydrochloride, sulfate, citrate; or base.",
        )
    if in_name and in_name != found:
        raise RecordError(f"the name says {in_name}, the salt form says {found}")
    return found


def _bare(text: str, form: str) -> str:
    """Return a name without the salt that ends it, in the spelling it was typed."""
    words = text.split()
    if form and len(words) > 1:
        from libraries import harmonise

        if harmonise.salt(text) == form:
            kept = len(harmonise.without_salt(text).split())
            return " ".join(words[:kept]) or text
    return text


def answers(finding: Finding) -> list[Mapping[str, Any]]:
    """Return what a finding says of each spectrum and peak, in its order."""
    from lims import matching

    return list(matching.answers(finding.match))


def require_consistent(
    who: Named,
    finding: Finding,
    position: int,
    concluded: Conclusion | None,
    accepted: Sequence[Finding],
) -> None:
    """Raise unless the record lets a spectrum of this finding stand for a substance.

    Parameters
    ----------
    who : Named
    finding : Finding
        The accepted one.
    position : int
        Of the spectrum or peak, from 1.
    concluded : Conclusion or None
        The sample's latest.
    accepted : sequence of Finding
        All accepted findings of the sample; what they support counts though nobody concluded yet.

    Raises
    ------
    StateError
        The finding or the conclusion names something else, or another class.
    RecordError
        The measurement is too poor or a mixture.
    """
    answer = answers(finding)[position - 1]
    _require_good(finding, answer)
    said = statements.of_match(finding.match)[position - 1]
    if said.state == "mixture":
        raise RecordError(
            f"{finding.id} found a mixture of {', '.join(said.substances)}",
            hint="A reference is one substance: measure it pure.",
        )
    if said.state in NAMED:
        _require_among(who, said.substances, f"{finding.id} says")
    if said.state in CLASSED and said.class_name:
        _require_class(who, (said.class_name,), f"{finding.id} says")
    if concluded is not None and concluded.level is ConclusionLevel.NOT_DETECTED:
        raise StateError(f"{finding.sample}: the conclusion is that nothing was detected")
    if _is_one_of_several_peaks(finding, position):
        # What the sample's answer names may be the other peaks: only its own answer counts.
        return
    found = rule.draw(rule.Evidence(findings=accepted))
    for text, names, classes in (
        ("the conclusion is", *((concluded.substances, concluded.classes) if concluded else _NONE)),
        ("the accepted findings say", found.substances, found.classes),
    ):
        if names:
            _require_among(who, names, f"{finding.sample}: {text}")
        elif classes:
            _require_class(who, classes, f"{finding.sample}: {text}")


def _is_one_of_several_peaks(finding: Finding, position: int) -> bool:
    peaks = len(finding.match.get("peaks") or ())
    return peaks > 1 and position > len(finding.match.get("spectra") or ())


_NONE: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())


def _require_good(finding: Finding, answer: Mapping[str, Any]) -> None:
    quality = answer.get("quality") or {}
    reasons = [str(each) for each in quality.get("reasons") or ()]
    if not quality.get("ok", False):
        raise RecordError(
            f"{finding.id}: the measurement is not good enough to be a reference"
            + (f": {reasons[0]}" if reasons else ""),
            hint="Measure it again.",
        )
    if quality.get("saturated"):
        raise RecordError(
            f"{finding.id}: the detector was saturated",
            hint="Dilute, or measure for a shorter time.",
        )


def _require_among(who: Named, names: Sequence[str], where: str) -> None:
    wanted = _keys(who.name, who.inchikey)
    if any(wanted & _keys(part, "") for name in names for part in name.split(" or ")):
        return
    raise StateError(
        f"{where} {', '.join(names)}, the reference would be {who.name}",
        hint="One of the two is wrong. Settle that first; a reference outlives its sample.",
    )


def _require_class(who: Named, classes: Sequence[str], where: str) -> None:
    from libraries import naming

    known = naming.known(who.name)
    if known is None or not known.class_name or known.class_name in classes:
        return
    raise StateError(
        f"{where} {', '.join(classes)}, the reference would be {who.name} ({known.class_name})",
        hint="One of the two is wrong. Settle that first; a reference outlives its sample.",
    )


def _keys(name: str, inchikey: str) -> frozenset[str]:
    """Return what two names of one substance share; its salt and its stereochemistry aside."""
    from libraries import harmonise, naming

    key = inchikey or naming.inchikey_of(name)
    by_name = harmonise.group(name, "", with_salt=False)
    return frozenset((harmonise.group(name, key, with_salt=False), by_name))
