"""How the substances of the table differ from the parent of their class, site by site.

Computed once from their structures and shipped, so that an answer about a spectrum needs no RDKit;
a test computes it again. ``python -m libraries.class_members`` writes the file anew.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from libraries import substances
from libraries.errors import LibraryError
from libraries.site_rules import ClassSites, site_rules
from libraries.substances import Substance

_FILE = "site_changes.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A substance and its changes against the parent of its class, in Da by site id."""

    substance: Substance
    changes: tuple[tuple[str, int], ...]

    def by_site(self, sites: ClassSites) -> dict[int, int]:
        """Return the changes in Da by site index of a rule."""
        ids = [site.id for site in sites.rule.sites]
        return {ids.index(name): change for name, change in self.changes if name in ids}


@cache
def members() -> tuple[Member, ...]:
    """Return every substance of the table whose class has rules on sites and that has its core.

    Raises
    ------
    LibraryError
        The file does not fit the table.
    """
    path = substances.DATA_FOLDER / _FILE
    table = substances.table()
    found = []
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            substance = table.find(row["name"])
            if substance is None:
                raise LibraryError(
                    f"{_FILE}: {row['name']!r} is not in the substances table",
                    hint="Reinstall the software; its data files are damaged.",
                )
            pairs = [text.rpartition(":") for text in row["changes"].split() if text]
            changes = tuple((name, int(change)) for name, _, change in pairs)
            found.append(Member(substance=substance, changes=changes))
    return tuple(found)


def member(name: str, inchikey: str = "") -> Member | None:
    """Return the member of a name or InChIKey, or None."""
    table = substances.table()
    wanted = table.by_inchikey(inchikey) if inchikey else table.find(name)
    return next((each for each in members() if each.substance is wanted), None) if wanted else None


def of_mass(class_name: str, mass: int) -> tuple[Member, ...]:
    """Return the members of a class, by any of its labels, with a nominal mass in Da."""
    sites = site_rules().of_class(class_name)
    if sites is None:
        return ()
    return tuple(
        each
        for each in members()
        if each.substance.class_name == sites.rule.class_name
        and each.substance.nominal_mass == mass
    )


def computed() -> Iterator[Member]:
    """Yield what the file must say, from the structures; needs RDKit."""
    from libraries import change_parts, structure

    for substance in substances.table():
        sites = site_rules().of_class(substance.class_name)
        if sites is None:
            continue
        changes = change_parts.changes_of(sites.core, structure.parse(substance.smiles))
        if changes is not None:
            ids = [site.id for site in sites.rule.sites]
            named = tuple((ids[at], change) for at, change in sorted(changes.items()))
            yield Member(substance=substance, changes=named)


def _write() -> None:
    path = substances.DATA_FOLDER / _FILE
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("name", "changes"))
        for each in computed():
            text = " ".join(f"{name}:{change:+d}" for name, change in each.changes)
            rows.writerow((each.substance.name, text))


if __name__ == "__main__":
    _write()
    sys.exit(0)
