"""Names of substances as people type them, brought to one spelling, and how alike two of them are.

Knows spelling only: no table, no chemistry beyond the words of salts and positions.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

_GREEK = str.maketrans(
    {
        "α": "alpha",
        "β": "beta",
        "γ": "gamma",
        "δ": "delta",
        "∆": "delta",
        "ω": "omega",
        "′": "'",
        "’": "'",
        "‘": "'",
        "`": "'",
        "´": "'",
    }
)
_POSITION = {"o": "ortho", "m": "meta", "p": "para"}
# Only before a substituent: "p-fluoro..." is a position, "P-2-P" is not.
_POSITION_BEFORE = re.compile(
    r"\b([omp])-?\s?(?=(?:fluoro|chloro|bromo|iodo|methyl|methoxy|isopropyl|hydroxy))"
)
_STEREO = re.compile(r"^(?:\((?:[+\-±]|\+/-|rs?|s|e|z|d|l|dl)\)-?|(?:d|l|dl|rac|cis|trans)-)+")
_KEPT = re.compile(r"[^a-z0-9']+")

# Counter-ions and hydrate words that follow a base's name on a label.
_SALT_WORDS = frozenset(
    (  # noqa: SIM905 - a list of words reads best as words
        "hydrochloride hcl dihydrochloride 2hcl hydrobromide hbr sulfate hemisulfate phosphate "
        "citrate tartrate bitartrate maleate fumarate hydrogenfumarate hemifumarate oxalate "
        "acetate mesylate besylate lactate succinate nitrate base freebase free salt monohydrate "
        "hydrate dihydrate anhydrous sodium potassium racemate powder"
    ).split()
)
_MAX_TEXT = 300


@lru_cache(maxsize=16_384)
def plain(text: str) -> str:
    """Return a name in lower case, Greek letters and typographic signs spelled out."""
    # The whole name matters, but a hostile label must not cost time: names are short.
    folded = unicodedata.normalize("NFKC", text[:_MAX_TEXT]).casefold().translate(_GREEK)
    folded = folded.replace("sulph", "sulf").replace("‐", "-").replace("–", "-").strip()
    return _POSITION_BEFORE.sub(lambda hit: _POSITION[hit[1]] + "-", folded)


def key(text: str) -> str:
    """Return what two spellings of one name share: letters, digits and primes.

    Examples
    --------
    >>> key("Para-Fluoro Fentanyl") == key("p-fluorofentanyl")
    True
    >>> key("Δ9-THC")
    'delta9thc'
    """
    return _KEPT.sub("", plain(text))


def spellings(text: str) -> Iterator[str]:
    """Yield keys to look up, the closest first: as typed, without salt words, without stereo."""
    seen: set[str] = set()
    for form in _forms(plain(text)):
        found = _KEPT.sub("", form)
        if found and found not in seen:
            seen.add(found)
            yield found


def _forms(text: str) -> Iterator[str]:
    for start in (text, _STEREO.sub("", text)):
        yield start
        words = start.split()
        while len(words) > 1 and _KEPT.sub("", words[-1]) in _SALT_WORDS:
            words.pop()
            yield " ".join(words)
        without_note = re.sub(r"\s*\([^()]*\)\s*$", "", start)
        if without_note != start:
            yield without_note


def salt_form(text: str) -> str:
    """Return the salt words at the end of a name, or an empty text.

    Examples
    --------
    >>> salt_form("cocaine hydrochloride")
    'hydrochloride'
    """
    words = plain(text).split()
    tail: list[str] = []
    while len(words) > 1 and _KEPT.sub("", words[-1]) in _SALT_WORDS:
        tail.insert(0, words.pop())
    return " ".join(tail)


def trigrams(name_key: str) -> frozenset[str]:
    """Return the three-letter pieces of a key, its ends marked."""
    padded = f"  {name_key} "
    return frozenset(padded[at : at + 3] for at in range(len(padded) - 2))


def alikeness(first: frozenset[str], second: frozenset[str]) -> float:
    """Return the Dice overlap of two sets of trigrams, 0.0 to 1.0."""
    total = len(first) + len(second)
    return 2.0 * len(first & second) / total if total else 0.0
