"""Whether goods of a Harmonized System heading can be what was found, where that can be told.

Told only from what the nomenclature itself says: chapters of minerals and inorganic chemicals hold
no organic compound, and a separate drug or precursor belongs to chapter 29, or 30 as a medicament.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from lims import code_lists

_MINERAL = frozenset(("25", "26", "28"))
_CHEMICAL = frozenset(("29", "30", "38"))
"""38 holds chemical preparations, whatever is in them."""
_PLANTS = frozenset(("12", "13", "14"))
"""Plants and their saps may hold what is found in them."""
_NATURAL = frozenset(("cocaine family", "opiate/opioid", "cannabinoid", "tryptamine"))
_ALWAYS = frozenset(("drug", "precursor"))
HEADINGS = {
    "4-ANPP": "2933", "NPP": "2933", "carfentanil": "2933", "alfentanil": "2933",
    "fentanyl": "2933", "cocaine": "2939", "heroin": "2939", "methamphetamine": "2939",
    "ephedrine": "2939", "pseudoephedrine": "2939", "caffeine": "2939", "amphetamine": "2921",
    "phenyl-2-propanone": "2914", "piperonal": "2932", "safrole": "2932", "isosafrole": "2932",
    "acetic anhydride": "2915", "phenylacetic acid": "2916",
}  # fmt: skip
"""Headings of HS 2022 that name the substance in their wording."""


def against_found(hs_code: str, found: Iterable[str]) -> str:
    """Return ``declared HS 2811.22 (silicon dioxide), found xylazine: …``, or empty.

    Parameters
    ----------
    hs_code : str
        As typed.
    found : iterable of str
        Names the evidence supports and the declared goods do not.
    """
    digits = re.sub(r"[\s.]", "", hs_code)
    if not re.fullmatch(r"[0-9]{4,10}", digits):
        return ""
    told = [words for name in dict.fromkeys(found) if (words := _cannot_be(digits, name))]
    if not told:
        return ""
    wording = code_lists.hs(digits[:6])[1] or code_lists.hs(digits[:4])[1]
    spelled = f"{digits[:4]}.{digits[4:6]}" if len(digits) > 4 else digits
    heading = f"{spelled} ({_short(wording)})" if wording else spelled
    return f"declared HS {heading}, found {'; '.join(told)}"


def _cannot_be(digits: str, name: str) -> str:
    from libraries import substances

    substance = substances.table().find(name)
    if substance is None:
        return ""
    chapter = digits[:2]
    named = HEADINGS.get(substance.name, "")
    if chapter == "29":
        return (
            f"{substance.name}: named in heading {named}" if named not in ("", digits[:4]) else ""
        )
    organic = bool(re.search(r"C(?![a-z])", substance.formula)) and bool(
        re.search(r"H(?![a-z])", substance.formula)
    )
    if not organic or chapter in _CHEMICAL:
        return ""
    if chapter in _MINERAL:
        return f"{substance.name}: an organic compound, which chapter {chapter} does not hold"
    if chapter in _PLANTS and substance.class_name in _NATURAL:
        return ""
    if substance.role in _ALWAYS or substance.class_name.startswith("sedative"):
        where = f"heading {named}" if named else "chapter 29"
        return f"{substance.name}: of {where}, or 30 as a medicament"
    return ""


def _short(wording: str) -> str:
    first = wording.partition(";")[0]
    return first if len(first) <= 60 else f"{first[:59]}…"
