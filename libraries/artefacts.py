"""What makes a known substance look like a new one: derivatives, labels, degradation, by-products.

Dated data and the lookup by mass difference. A reason to look again, never a finding.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache

from libraries import substances
from libraries.errors import LibraryError
from libraries.substances import Substance

_FILE = "artefacts.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefact:
    """One way: its kind, the mass it adds to a known substance in Da, and what it is in words."""

    kind: str
    delta_da: int
    words: str


@cache
def artefacts() -> tuple[Artefact, ...]:
    """Return the shipped list.

    Raises
    ------
    LibraryError
        The data file does not say what it must.
    """
    path = substances.DATA_FOLDER / _FILE
    return parse_artefacts(path.read_text(encoding="utf-8"))


def parse_artefacts(text: str) -> tuple[Artefact, ...]:
    """Return the list that a TOML text states.

    Raises
    ------
    LibraryError
        As `artefacts`.
    """
    try:
        entries = tomllib.loads(text).get("artefact")
    except tomllib.TOMLDecodeError as error:
        raise _wrong(f"it is no TOML: {error}") from error
    if not isinstance(entries, list) or not entries:
        raise _wrong("it holds no [[artefact]]")
    return tuple(_artefact(entry) for entry in entries)


def explaining(difference_da: int) -> tuple[Artefact, ...]:
    """Return what makes a substance heavier by so much."""
    return tuple(each for each in artefacts() if each.delta_da == difference_da)


def by_products(mass: int) -> tuple[Substance, ...]:
    """Return the known precursors and by-products of a nominal mass in Da, in table order."""
    table = substances.table()
    return tuple(each for each in table if each.role == "precursor" and each.nominal_mass == mass)


def _artefact(entry: object) -> Artefact:
    if not isinstance(entry, dict):
        raise _wrong(f"expected a table, found {entry!r}")
    kind, delta, words = (entry.get(key) for key in ("kind", "delta_da", "words"))
    if not isinstance(kind, str) or not isinstance(words, str) or not kind or not words:
        raise _wrong(f"kind and words must be texts in {entry!r}")
    if not isinstance(delta, int) or isinstance(delta, bool) or delta == 0:
        raise _wrong(f"delta_da must be a whole number in {entry!r}")
    return Artefact(kind=kind, delta_da=delta, words=words)


def _wrong(problem: str) -> LibraryError:
    return LibraryError(f"{_FILE}: {problem}", hint="Reinstall the software.")
