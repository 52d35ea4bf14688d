"""Who the parties of a shipment are, spelled so that two spellings of one name meet. Pure.

A meeting of keys is a hint for a person to look at, never a finding that two are the same.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

ROLES = ("consignor", "consignee", "consignee_address", "notify_party")
"""Fields of a shipment's papers that say who; in the words of the papers."""

# Legal forms say nothing of who it is, and are written in many ways or left out.
_FORMS = frozenset(
    (
        *("ag", "bv", "co", "company", "corp", "corporation", "cv", "gmbh", "inc", "incorporated"),
        *("kg", "limited", "llc", "llp", "lp", "ltd", "ltda", "nv", "oy", "plc", "pte", "pty"),
        *("pvt", "sa", "sarl", "sas", "sl", "spa", "srl"),
    )
)
_STREET = {
    "ave": "avenue",
    "av": "avenue",
    "blvd": "boulevard",
    "bldg": "building",
    "dr": "drive",
    "e": "east",
    "hwy": "highway",
    "ln": "lane",
    "n": "north",
    "no": "number",
    "rd": "road",
    "s": "south",
    "ste": "suite",
    "st": "street",
    "str": "street",
    "w": "west",
}
_LEAST = 4
"""Letters and digits a key needs before it can speak for anybody."""


def key(role: str, typed: str) -> str:
    """Return what makes two spellings of a name or an address the same; empty for too little.

    Case, accents, punctuation, legal forms and common abbreviations of addresses do not matter.
    Names and addresses never meet each other.
    """
    words = _words(typed)
    if role == "consignee_address":
        kept = [_STREET.get(word, word) for word in words]
    else:
        kept = [word for word in words if word not in _FORMS] or words
    joined = "".join(kept)
    if len(joined) < _LEAST:
        return ""
    return f"{'address' if role == 'consignee_address' else 'name'}:{joined}"


def keys(draft: Mapping[str, str]) -> dict[str, str]:
    """Return the key of each party a shipment's papers name, by role."""
    found = {role: key(role, draft.get(role, "")) for role in ROLES}
    return {role: spelled for role, spelled in found.items() if spelled}


def said(here: str, there: str) -> str:
    """Return how a party here meets one there, in words: ``same consignee as``."""
    mine, other = here.replace("_", " "), there.replace("_", " ")
    return f"same {mine} as" if here == there else f"the {mine} is the {other} of"


def _words(typed: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", typed).casefold()
    # Full stops inside L.L.C. hold no meaning; every other mark parts two words.
    plain = "".join(c for c in plain if not unicodedata.combining(c) and c != ".")
    return "".join(c if c.isalnum() else " " for c in plain).split()
