"""Customs identifiers and their check digits.

A failed check is a warning, never a refusal: foreign parcels break rules.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What a typed identifier is, its one spelling, and a warning when its check digit fails."""

    kind: str
    text: str
    warning: str = ""

    @property
    def ok(self) -> bool:
        """Whether the check digit fits."""
        return not self.warning


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
    return _check("air waybill", spelled, right)


def postal_s10(text: str) -> Check:
    """Check a UPU S10 postal item: two letters, eight digits, check digit, country."""
    plain = re.sub(r"[\s-]", "", text).upper()
    shaped = bool(re.fullmatch(r"[A-Z]{2}[0-9]{9}[A-Z]{2}", plain))
    right = False
    if shaped:
        total = sum(int(d) * w for d, w in zip(plain[2:10], _S10_WEIGHTS, strict=True))
        wanted = {10: 0, 11: 5}.get(11 - total % 11, 11 - total % 11)
        right = wanted == int(plain[10])
    return _check("postal item", plain if shaped else text, right)


def container(text: str) -> Check:
    """Check a freight container number, ISO 6346."""
    from stdnum import iso6346

    plain = re.sub(r"[\s-]", "", text).upper()
    return _check("container", plain, bool(iso6346.is_valid(plain)))


def vessel(text: str) -> Check:
    """Check an IMO ship number, with or without the letters IMO."""
    from stdnum import imo

    plain = re.sub(r"[\s-]|IMO", "", text.upper())
    return _check("vessel", plain, bool(imo.is_valid(plain)))


def cas(text: str) -> Check:
    """Check a CAS Registry Number."""
    from stdnum import casrn

    plain = text.strip()
    return _check("CAS number", plain, bool(casrn.is_valid(plain)))


def hs_code(text: str) -> Check:
    """Check the shape of a Harmonized System code: 4, 6, 8 or 10 digits, chapter 01 to 97."""
    plain = re.sub(r"[\s.]", "", text)
    shaped = bool(re.fullmatch(r"[0-9]{4}(?:[0-9]{2}){0,3}", plain))
    right = shaped and 1 <= int(plain[:2]) <= 97 and plain[:2] != "77"
    return Check(
        kind="HS code",
        text=plain if shaped else text,
        warning="" if right else f"HS code {text} is not one: unverified",
    )


def _check(kind: str, text: str, right: bool) -> Check:
    warning = "" if right else f"{kind} {text}: the check digit does not fit, unverified"
    return Check(kind=kind, text=text, warning=warning)
