"""Find a substance by whatever is at hand: a name with slips, CAS, InChIKey, formula, mass, SMILES.

Every answer says why it was found, the surest first. Text is answered without RDKit, which is
loaded only for what can be nothing but a structure. A near name is a proposal, never a match.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache

from libraries import names, stereo, substances
from libraries.errors import LibraryError
from libraries.slips import slips
from libraries.substances import Substance

_CAS = re.compile(r"(\d{2,7})-(\d{2})-(\d)")
_INCHIKEY = re.compile(r"([A-Z]{14})(?:-[A-Z]{10}(?:-[A-Z])?)?")
_MASS = re.compile(
    r"(?P<ion>\[?M\s*\+\s*H\]?\+?\s*[:=]?\s*)?(?P<value>\d{1,4}(?:[.,]\d{1,6})?)"
    r"\s*(?:(?:±|\+/-|\+-)\s*(?P<within>\d{0,3}(?:[.,]\d{1,6})?))?\s*(?:da|u|g/mol)?",
    re.IGNORECASE,
)
_SMILES = re.compile(r"[A-Za-z0-9@+\-\[\]()=#$:/\\.%]+")
_SMILES_SIGN = re.compile(r"[=#\[\]@]|\(|[cno]\d")
# "a-PVP" on a label is alpha-PVP; "d-" is left alone, it means dextro as often as delta.
_GREEK_LETTER = re.compile(r"(?<![^\s(-])[abg](?=[-\s])", re.IGNORECASE)
_GREEK = {"a": "alpha", "b": "beta", "g": "gamma"}
_PROTON_DA = 1.007276
_LONGEST_NAME = 100
_LEAST_ALIKE = 0.45
# A name this much longer than what was typed is another name that happens to hold it.
_SHORTEST_PART = 3


class ReadAs(StrEnum):
    """What a typed text was taken for."""

    CAS = "CAS number"
    INCHIKEY = "InChIKey"
    MASS = "mass"
    FORMULA = "formula"
    STRUCTURE = "structure"
    NAME = "name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One substance that a typed text may mean.

    Parameters
    ----------
    substance : Substance
    score : float
        0 to 1: how close, for ranking only. 1 is "this very name, number or structure".
    why : str
        In words.
    """

    substance: Substance
    score: float
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a search found.

    Parameters
    ----------
    query : str
    read_as : ReadAs
    found : tuple of Found
        Best first.
    notes : tuple of str
        What is wrong with the text, and what it may have been meant to be.
    """

    query: str
    read_as: ReadAs
    found: tuple[Found, ...]
    notes: tuple[str, ...] = ()


def search(text: str, limit: int = 10, *, tolerance_da: float | None = None) -> Answer:
    """Return the substances of the table that a typed text may mean, the surest first.

    Parameters
    ----------
    text : str
        A name, synonym or trade name (slips, missing hyphens and Greek letters allowed), a CAS
        number, an InChIKey or its first block, a formula in any order, a mass in Da (``336``,
        ``336.2202``, ``336.22 ± 0.01``, ``[M+H]+ 337.2274``), or a SMILES.
    limit : int
        At most so many.
    tolerance_da : float or None
        For a mass; half a unit of its last digit, at least 0.001, if None.
    """
    query = text.strip()[: 10 * _LONGEST_NAME]
    answer = (
        _by_cas(query)
        or _by_inchikey(query)
        or _by_mass(query, tolerance_da)
        or _by_formula(query)
        or _by_smiles(query)
        or Answer(query=query, read_as=ReadAs.NAME, found=_ranked(_by_name(query)))
    )
    return replace(answer, found=answer.found[: max(limit, 0)])


def _by_cas(text: str) -> Answer | None:
    parts = _CAS.fullmatch(text)
    if parts is None:
        return None
    table = substances.table()
    row = table.find(text)
    if row is not None:
        return _one(text, ReadAs.CAS, row, f"CAS number {text}")
    notes = [f"{text} stands in no row of the table"]
    if not substances.is_valid_cas(text):
        right = next(d for d in range(10) if substances.is_valid_cas(f"{text[:-1]}{d}"))
        notes = [
            f"{text} is no CAS number: its check digit would be {right} ({text[:-1]}{right}), "
            "or another digit is wrong"
        ]
    digits = text.replace("-", "")
    near = [
        Found(substance=row, score=0.8, why=f"CAS number {row.cas} differs by one slip")
        for row in table
        if row.cas and slips(digits, row.cas.replace("-", ""), 1) == 1
    ]
    return Answer(query=text, read_as=ReadAs.CAS, found=_ranked(iter(near)), notes=tuple(notes))


def _by_inchikey(text: str) -> Answer | None:
    parts = _INCHIKEY.fullmatch(text.upper())
    # "AMINOPHENAZONE" has the shape of a first block: a name of that shape is a name.
    if parts is None or ("-" not in text and substances.table().find(text) and _is_name(text)):
        return None
    block = parts[1]
    rows = [row for row in substances.table() if row.inchikey_block == block]
    if not rows and "-" not in text:
        return None
    group = stereo.stereo_group(block)
    notes = [group.name] if group else []
    if not rows:
        notes.append(f"the skeleton {block} stands in no row of the table")
    exact = text.upper()
    found = [
        Found(substance=row, score=1.0, why="this InChIKey")
        if row.inchikey == exact
        else Found(substance=row, score=0.95, why=f"skeleton {block}, stereochemistry not compared")
        for row in rows
    ]
    return Answer(
        query=text, read_as=ReadAs.INCHIKEY, found=_ranked(iter(found)), notes=tuple(notes)
    )


def _is_name(text: str) -> bool:
    row = substances.table().find(text)
    return row is not None and row.inchikey_block != text.upper()


def _by_mass(text: str, tolerance_da: float | None) -> Answer | None:
    parts = _MASS.fullmatch(text)
    if parts is None:
        return None
    number = parts["value"].replace(",", ".")
    mass = float(number) - (_PROTON_DA if parts["ion"] else 0.0)
    table = substances.table()
    within = tolerance_da
    if parts["within"]:
        within = float(parts["within"].replace(",", "."))
    if within is None and "." not in number and not parts["ion"]:
        rows = [row for row in table if row.nominal_mass == int(number)]
        found = [
            Found(substance=row, score=0.9, why=f"nominal mass {row.nominal_mass}") for row in rows
        ]
        return Answer(query=text, read_as=ReadAs.MASS, found=_ranked(iter(found)))
    if within is None:
        within = max(0.5 * 10.0 ** -len(number.partition(".")[2]), 0.001)
    ion = "protonated, " if parts["ion"] else ""
    found = [
        Found(
            substance=row,
            score=0.9 - 0.1 * abs(row.monoisotopic_mass - mass) / within if within else 0.9,
            why=f"{ion}monoisotopic mass {row.monoisotopic_mass:.4f}, "
            f"{1e3 * (row.monoisotopic_mass - mass):+.1f} mDa",
        )
        for row in table.by_mass(mass, within)
    ]
    return Answer(query=text, read_as=ReadAs.MASS, found=_ranked(iter(found)))


def _by_formula(text: str) -> Answer | None:
    table = substances.table()
    if table.find(text) is not None:
        return None
    for spelling in (text, _capitalised(text)):
        rows = table.by_formula(spelling)
        if rows:
            formula = substances.hill(spelling)
            found = [Found(substance=row, score=0.9, why=f"formula {formula}") for row in rows]
            note = f"{len(rows)} substances of the table share {formula}"
            return Answer(
                query=text,
                read_as=ReadAs.FORMULA,
                found=tuple(sorted(found, key=lambda each: each.substance.name)),
                notes=(note,) if len(rows) > 1 else (),
            )
    if re.fullmatch(r"C\d+H\d+(?:[A-Z][a-z]?\d*)*", text):
        note = f"no substance of the table has the formula {substances.hill(text)}"
        return Answer(query=text, read_as=ReadAs.FORMULA, found=(), notes=(note,))
    return None


def _capitalised(text: str) -> str:
    """Return a formula typed in small letters as chemists write it, where that can be told."""
    if not re.fullmatch(r"(?:(?:cl|br|na|si|mg|ca|[chnosfpib])\d{0,3}){2,12}", text):
        return text
    return re.sub(r"cl|br|na|si|mg|ca|[a-z]", lambda hit: hit[0].capitalize(), text)


def _by_smiles(text: str) -> Answer | None:
    if not _SMILES.fullmatch(text) or not _SMILES_SIGN.search(text):
        return None
    if substances.table().find(text) is not None or " " in text:
        return None
    from libraries import structure

    try:
        parts = structure.parts(text)
    except LibraryError:
        return None
    found: list[Found] = []
    notes: list[str] = []
    for part in parts:
        key = structure.inchikey(part)
        rows = [row for row in substances.table() if row.inchikey_block == key[:14]]
        found += [Found(substance=row, score=1.0, why=f"this structure ({key})") for row in rows]
        group = stereo.stereo_group(key)
        notes += [group.name] if group else []
        if not rows:
            classes = ", ".join(structure.classes_of(part)) or "no known class"
            notes.append(f"not in the table; built like: {classes}")
            formula = structure.formula(part)
            isomers = substances.table().by_formula(formula)
            found += [Found(substance=r, score=0.5, why=f"isomer, {formula}") for r in isomers]
    return Answer(
        query=text, read_as=ReadAs.STRUCTURE, found=_ranked(iter(found)), notes=tuple(notes)
    )


def _by_name(text: str) -> Iterator[Found]:
    table = substances.table()
    exact = table.find(text)
    if exact is not None:
        is_own = names.key(exact.name) == names.key(text)
        yield Found(
            substance=exact,
            score=1.0 if is_own else 0.98,
            why="its name" if is_own else f"a name of {exact.name}",
        )
    typed = names.key(text)
    if not 0 < len(typed) <= _LONGEST_NAME:
        return
    spelled_out = _GREEK_LETTER.sub(lambda hit: _GREEK[hit[0].lower()], text)
    meant = table.find(spelled_out)
    if meant is not None and meant is not exact:
        yield Found(substance=meant, score=0.97, why=f"read as {spelled_out.strip()}")
    for other, row, kind in _others():
        if other == typed and row is not exact:
            yield Found(substance=row, score=0.96, why=f"{kind} name")
    spellings = tuple(names.spellings(text)) or (typed,)
    pieces = names.trigrams(typed)
    for known in _known():
        yield from _near(known, typed, spellings, pieces)


def _near(
    known: _Known, typed: str, spellings: tuple[str, ...], pieces: frozenset[str]
) -> Iterator[Found]:
    row, shown = known.substance, known.shown
    if known.key.startswith(typed):
        yield Found(substance=row, score=0.92 - 0.002 * len(known.key), why=f"{shown} begins so")
        return
    # "2-MMC" is no slip of "4-MMC": another number is another substance.
    number = _digits(typed)
    most = _slips_allowed(len(typed)) if number in ("", _digits(known.key)) else 0
    # A slip changes at most four of the three-letter pieces: few shared ones are too many slips.
    shared = len(pieces & known.pieces)
    near = most > 0 and shared >= len(pieces) - 4 * (most + len(spellings) - 1)
    fewest = min((slips(each, known.key, most) for each in spellings), default=0) if near else 0
    if 0 < fewest <= most:
        plural = "slip" if fewest == 1 else "slips"
        yield Found(
            substance=row, score=0.90 - 0.08 * fewest, why=f"{shown}, {fewest} {plural} away"
        )
    elif len(typed) >= _SHORTEST_PART and typed in known.key:
        yield Found(substance=row, score=0.66 - 0.002 * len(known.key), why=f"{shown} holds it")
    else:
        alike = 2.0 * shared / (len(pieces) + len(known.pieces))
        if alike >= _LEAST_ALIKE:
            yield Found(substance=row, score=0.55 * alike, why=f"{shown} looks alike")


@dataclass(frozen=True, slots=True)
class _Known:
    key: str
    shown: str
    substance: Substance
    pieces: frozenset[str]


@cache
def _known() -> tuple[_Known, ...]:
    table = substances.table()
    spelled = {
        (names.key(each), row.name): (each, row)
        for row in table
        for each in (row.name, *row.synonyms)
    }
    for each, row in table.further_names():
        spelled.setdefault((names.key(each), row.name), (each, row))
    return tuple(
        _Known(key, each, row, names.trigrams(key))
        for (key, _), (each, row) in spelled.items()
        if key
    )


@cache
def _others() -> tuple[tuple[str, Substance, str], ...]:
    """Return trade and street names: for searching only, since one may mean several substances."""
    table = substances.table()
    path = substances.DATA_FOLDER / "trade_names.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = [(row, table.find(row["name"])) for row in csv.DictReader(file)]
    return tuple(
        (names.key(row["other"]), found, row["kind"]) for row, found in rows if found is not None
    )


def _digits(key: str) -> str:
    return "".join(letter for letter in key if letter.isdigit())


def _slips_allowed(length: int) -> int:
    """Return how many slips a name of so many letters may have: none in an abbreviation."""
    return 0 if length < 4 else 1 if length < 7 else 2 if length < 13 else 3


def _one(text: str, read_as: ReadAs, row: Substance, why: str) -> Answer:
    group = stereo.stereo_group(row.inchikey)
    notes = (group.name,) if group else ()
    found = (Found(substance=row, score=1.0, why=why),)
    return Answer(query=text, read_as=read_as, found=found, notes=notes)


def _ranked(found: Iterator[Found]) -> tuple[Found, ...]:
    """Return each substance once, by the best reason, best first, then by name."""
    best: dict[str, Found] = {}
    for each in found:
        held = best.get(each.substance.name)
        if held is None or each.score > held.score:
            best[each.substance.name] = each
    return tuple(sorted(best.values(), key=lambda each: (-each.score, each.substance.name)))
