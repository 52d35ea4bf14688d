"""Customs identifiers: check digits, and codes against the lists at hand.

A failed check is a warning, never a refusal: foreign parcels break rules. A warning never repeats
a tracking number, so that it may stand in a report without naming a parcel's sender.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lims import code_lists
from lims.code_lists import Listed

_S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)
_WRONG_DIGIT = "the check digit does not fit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What a typed identifier is, its one spelling, what it means, and a warning when unsure."""

    kind: str
    text: str
    warning: str = ""
    means: str = ""
    """What its parts say, for example the airline of an air waybill."""
    is_slip: bool = False
    """The warning may come from a wrong key: more than a list that is not at hand."""

    @property
    def ok(self) -> bool:
        """Whether everything that can be checked fits."""
        return not self.warning


@dataclass(frozen=True, slots=True, kw_only=True)
class Unverified:
    """A field of a shipment whose content could not be verified when it was entered."""

    field: str
    kind: str
    says: str


def tracking(text: str) -> Check | None:
    """Return what a tracking number is if its shape is known (air waybill, S10), else None."""
    plain = re.sub(r"[\s-]", "", text).upper()
    if not plain.isascii():
        return None
    if re.fullmatch(r"\d{11}", plain):
        return air_waybill(plain)
    if re.fullmatch(r"[A-Z]{2}\d{9}[A-Z]{2}", plain):
        return postal_s10(plain)
    if re.fullmatch(r"[A-Z]{3}[UJZ]\d{7}", plain):
        return container(plain)
    return None


def air_waybill(text: str) -> Check:
    """Check an IATA air waybill: three digits of airline, seven of serial, serial mod 7."""
    plain = re.sub(r"[\s-]", "", text)
    shaped = bool(re.fullmatch(r"[0-9]{11}", plain))
    right = shaped and int(plain[3:10]) % 7 == int(plain[10])
    spelled = f"{plain[:3]}-{plain[3:]}" if shaped else text
    airline = code_lists.AIRLINES.get(plain[:3], "") if shaped else ""
    wrong = [] if right else [_WRONG_DIGIT]
    if shaped and not airline:
        wrong.append(f"airline prefix {plain[:3]} is not in the short list at hand")
    return _check("air waybill", spelled, wrong, airline, is_slip=not right)


def postal_s10(text: str) -> Check:
    """Check a UPU S10 postal item: two letters, eight digits, check digit, country."""
    plain = re.sub(r"[\s-]", "", text).upper()
    shaped = bool(re.fullmatch(r"[A-Z]{2}[0-9]{9}[A-Z]{2}", plain))
    right, origin = False, ""
    if shaped:
        total = sum(int(d) * w for d, w in zip(plain[2:10], _S10_WEIGHTS, strict=True))
        wanted = {10: 0, 11: 5}.get(11 - total % 11, 11 - total % 11)
        right = wanted == int(plain[10])
        origin = code_lists.country(plain[11:])
    wrong = [] if right else [_WRONG_DIGIT]
    if shaped and not origin:
        wrong.append(f"{plain[11:]} is no country")
    return _check("postal item", plain if shaped else text, wrong, origin)


def container(text: str) -> Check:
    """Check a freight container number, ISO 6346."""
    from stdnum import iso6346

    plain = re.sub(r"[\s-]", "", text).upper()
    right = plain.isascii() and bool(iso6346.is_valid(plain))
    return _check("container", plain, [] if right else [_WRONG_DIGIT])


def vessel(text: str) -> Check:
    """Check an IMO ship number, with or without the letters IMO."""
    from stdnum import imo

    plain = re.sub(r"[\s-]|IMO", "", text.upper())
    right = plain.isascii() and bool(imo.is_valid(plain))
    return _check("vessel", plain, [] if right else [_WRONG_DIGIT])


def cas(text: str) -> Check:
    """Check a CAS Registry Number."""
    from stdnum import casrn

    plain = text.strip()
    right = plain.isascii() and bool(casrn.is_valid(plain))
    return _check("CAS number", plain, [] if right else [_WRONG_DIGIT])


def country(text: str) -> Check:
    """Check an ISO 3166-1 alpha-2 code."""
    plain = text.strip().upper() if text.isascii() else text
    name = code_lists.country(plain)
    return _check("country", plain, [] if name else [f"{plain[:20]} is not in ISO 3166-1"], name)


def subdivision(text: str) -> Check | None:
    """Check an ISO 3166-2 code such as ``US-NJ``; None where it is not one by its shape."""
    plain = text.strip()
    if not re.fullmatch(r"[A-Z]{2}-[A-Z0-9]{1,3}", plain):
        return None
    name = code_lists.subdivision(plain)
    return _check("subdivision", plain, [] if name else [f"{plain} is not in ISO 3166-2"], name)


def location(text: str) -> Check | None:
    """Check a UN/LOCODE such as ``CN SHA``: its shape and its country; None for a place in words.

    Whether the place itself is listed is not checked: the list is not at hand.
    """
    plain = re.sub(r"\s", "", text.strip())
    if not re.fullmatch(r"[A-Z]{2}[A-Z2-9]{3}", plain):
        return None
    name = code_lists.country(plain[:2])
    wrong = [] if name else [f"{plain[:2]} is no country"]
    return _check("UN/LOCODE", f"{plain[:2]} {plain[2:]}", wrong, name)


def hs_edition(text: str) -> str:
    """Return the year of an edition as typed (``2022``, ``HS 2017``), or empty if it is none."""
    found = re.fullmatch(r"(?:HS\s?)?([12][0-9]{3})", text.strip().upper())
    return found[1] if found and found[1] in code_lists.HS_EDITIONS else ""


def hs_code(text: str, edition: str = "") -> Check:
    """Check a Harmonized System code: shape, and heading and subheading in its edition.

    Parameters
    ----------
    text : str
        4, 6, 8 or 10 digits, points allowed; what follows the sixth is national and not checked.
    edition : str
        As typed; where it is left out the code is held against the edition at hand.
    """
    plain = re.sub(r"[\s.]", "", text)
    shaped = bool(re.fullmatch(r"[0-9]{4}(?:[0-9]{2}){0,3}", plain))
    if not (shaped and 1 <= int(plain[:2]) <= 97 and plain[:2] != "77"):
        warning = f"HS code {text[:40]} is not one: unverified"
        spelled = plain if shaped else text
        return Check(kind="HS code", text=spelled, warning=warning, is_slip=True)
    year = hs_edition(edition)
    if edition.strip() and not year:
        wrong = [f"{edition[:20]!r} is no edition of the HS"]
    else:
        wrong = _hs_wrong(plain, year)
    means = code_lists.hs(plain[:6])[1] or code_lists.hs(plain[:4])[1]
    unlisted = any("not at hand" in each for each in wrong)
    return _check("HS code", plain, wrong, means, is_slip=not unlisted)


def _hs_wrong(plain: str, year: str) -> list[str]:
    spelled = f"{plain[:4]}.{plain[4:6]}" if len(plain) > 4 else plain[:4]
    against = year or code_lists.HS_AT_HAND
    found = {code_lists.hs_in_edition(code, against) for code in (plain[:4], plain[:6])}
    if Listed.NO in found:
        newer = bool(year) and year < code_lists.HS_AT_HAND
        other = f"it came with HS {code_lists.HS_AT_HAND}, " if newer else ""
        return [f"{spelled} is not in HS {against}: {other}a code of another edition or none"]
    if Listed.NOT_AT_HAND in found:
        return [f"{spelled} is not checked: the list of HS {against} is not at hand"]
    return []


def _check(
    kind: str, text: str, wrong: list[str], means: str = "", *, is_slip: bool = True
) -> Check:
    warning = f"{kind}: {'; '.join(wrong)}, unverified" if wrong else ""
    return Check(
        kind=kind, text=text, warning=warning, means=means, is_slip=bool(wrong) and is_slip
    )
