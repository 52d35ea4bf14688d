"""The shipped mass changes with the atoms each brings and takes: data for `spectra.mass_shift`."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cache
from importlib import resources

from libraries.errors import LibraryError
from spectra.mass_shift import AtomChange

_FILE = "mass_changes.csv"


@cache
def atom_changes() -> tuple[AtomChange, ...]:
    """Return the shipped mass changes, in the order of the file, one for each set of atoms.

    Raises
    ------
    LibraryError
        A row's atoms do not make its mass.
    """
    shipped = resources.files("libraries").joinpath("data", _FILE)
    return tuple(parse_atom_changes(shipped.read_text(encoding="utf-8")))


def parse_atom_changes(text: str) -> Iterator[AtomChange]:
    """Yield the changes that a CSV text with a header states.

    Raises
    ------
    LibraryError
        As `atom_changes`.
    """
    for number, row in enumerate(csv.DictReader(text.splitlines()), start=2):
        for atoms in (row.get("atoms") or "").split("|"):
            change = AtomChange(
                words=(row.get("change") or "").strip(),
                atoms=atoms.strip(),
                caution=(row.get("caution") or "").strip(),
            )
            try:
                delta = str(change.delta_da)
            except ValueError as error:
                raise _wrong(number, str(error)) from error
            if delta != (row.get("delta_da") or "").strip() or not change.words:
                raise _wrong(number, f"{atoms!r} is {delta} Da, not {row.get('delta_da')!r}")
            yield change


def _wrong(line: int, problem: str) -> LibraryError:
    return LibraryError(
        f"{_FILE}, line {line}: {problem}",
        hint="Reinstall the software; its data files are damaged.",
    )
