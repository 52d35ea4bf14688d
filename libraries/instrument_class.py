"""What kind of instrument measured a spectrum, from what a file or an entry says of it.

A class is what thresholds are learned for: a handheld Raman at 785 nm errs otherwise than a bench
instrument at 532 nm. What is not stated is a class of its own, never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from libraries import harmonise
from libraries.entry import EntryDraft, Section

UNKNOWN = "unknown"

_LASER = ("lasernm", "laserwavelength", "excitationwavelength", "laser", "excitation", "wl")
_WORDS = (
    "instrumenttype", "acinstrumenttype", *harmonise.INSTRUMENT, "instrumentname", "model",
    "spectrometer", "instrumentparameters", "serial",
)  # fmt: skip
_SAMPLING = (*harmonise.SAMPLING, "accessorytype", "measurementmode", "acquisitionmode")
# Lines of Raman lasers in use, nm; a stated line within 6 nm is one of them.
_LINES = (266, 325, 405, 442, 457, 473, 488, 514, 532, 633, 660, 671, 780, 785, 830, 1030, 1064)
_DRIFT_NM = 6.0
# Words of instruments that are held in the hand or carried; the makers' own names of them.
_HANDHELD = re.compile(
    r"hand-?held|portable|truscan|first ?defender|progeny|resq|gemini|mira\b|bravo|cbex|"
    r"snowy ?range|inspector ?\d{3}|tacticid|nanoram|pocket ?id|truenarc|acadia|mdr\b",
    re.IGNORECASE,
)
_SAMPLINGS = (
    ("ATR", re.compile(r"\batr\b|attenuated|golden ?gate|durasampl|diamond|\bzn ?se\b", re.I)),
    ("gas", re.compile(r"\bgas\b|vapou?r|gc-?ir", re.I)),
    ("diffuse reflectance", re.compile(r"drift|diffuse", re.I)),
    ("transmission", re.compile(r"transmi|\bkbr\b|nujol|mull|pellet|\bfilm\b|disc", re.I)),
)  # fmt: skip
_ANALYSERS = (
    ("orbitrap", re.compile(r"orbitrap|exactive|q-?ft\b|itft|(?:esi|apci)-ft\b|ft-?icr", re.I)),
    ("time of flight", re.compile(r"tof", re.I)),
    ("ion trap", re.compile(r"ion trap|\bq?it\b|saturn|polaris|\bitq", re.I)),
    ("sector", re.compile(r"sector|\b(?:ei|ci)-(?:eb|be|b)\b|\beb\b|\bbe\b|jms", re.I)),
    ("triple quadrupole", re.compile(r"qqq|\bqq\b|-qq\b|triple", re.I)),
    ("quadrupole", re.compile(r"quadrup|\bmsd\b|\b597[1-7]|\bq\b|qp-?\d{4}|\bisq\b", re.I)),
)  # fmt: skip


def of_draft(draft: EntryDraft) -> str:
    """Return the instrument class of a library entry."""
    origin = draft.provenance
    facts = harmonise.facts(
        {"instrument": origin.instrument, "sampling": draft.sampling, **_pairs(origin.conditions)}
    )
    return _class(draft.section, facts)


def of_metadata(metadata: Mapping[str, str], section: Section) -> str:
    """Return the instrument class of a query, compared in a section, from what its file says."""
    return _class(section, harmonise.facts(metadata))


def _class(section: Section, facts: Mapping[str, str]) -> str:
    words = " ".join(facts[name] for name in _WORDS if facts.get(name))
    if section is Section.RAMAN:
        return _raman(facts, words)
    if section is Section.FTIR:
        stated = " ".join(facts[name] for name in _SAMPLING if facts.get(name))
        return _first(_SAMPLINGS, f"{stated} {words}" if stated else words)
    return _first(_ANALYSERS, words)


def _raman(facts: Mapping[str, str], words: str) -> str:
    stated = harmonise.number(harmonise.pick(facts, _LASER))
    nearest = min(_LINES, key=lambda each: abs(each - (stated or 0.0)))
    line = nearest if stated is not None and abs(nearest - stated) <= _DRIFT_NM else None
    held = "handheld" if _HANDHELD.search(words) else ""
    if line is None:
        return held or UNKNOWN
    return f"{held} {line} nm".strip()


def _first(classes: tuple[tuple[str, re.Pattern[str]], ...], text: str) -> str:
    return next((name for name, words in classes if words.search(text)), UNKNOWN)


def _pairs(text: str) -> dict[str, str]:
    """Return the ``key=value; key=value`` text of an entry's conditions as pairs."""
    parts = (part.partition("=") for part in text.split("; "))
    return {key.strip(): value for key, equals, value in parts if equals and key.strip()}
