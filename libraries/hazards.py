"""How dangerous a class or substance is to the people around it, and what they must do first.

Texts are data (``data/hazards.toml``), marked as laboratory policy to be confirmed. Knows nothing
of samples or alerts: who is told, and who acknowledges, is the record's business.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from libraries import substances
from libraries.errors import LibraryError

GROUPS = ("H1", "H2", "H3", "H4", "H5", "H6")

# A name with one of these word ends belongs to a class that must never be met unwarned, even
# where the substance itself stands in no table.
_DANGEROUS_ENDINGS = (
    ("nitazene", "nitazene"),
    ("nitazepyne", "nitazene"),
    ("nitazepipne", "nitazene"),
    ("fentanyl", "fentanyl"),
    ("fentanil", "fentanyl"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HazardGroup:
    """One handling group in plain words.

    Parameters
    ----------
    group : str
        ``H1`` (most dangerous) to ``H6``.
    title, signal, summary : str
        ``signal`` is one of DANGER, WARNING, CAUTION, NOTICE.
    officers, bench : tuple of str
        What to do, one sentence or two each, the first thing first.
    protection : tuple of str
    two_persons, naloxone, acknowledge : bool
        Not to be opened alone; naloxone must be at hand; a named person must acknowledge.
    status : str
        Says that this is policy to be confirmed.
    """

    group: str
    title: str
    signal: str
    summary: str
    officers: tuple[str, ...]
    bench: tuple[str, ...]
    protection: tuple[str, ...]
    two_persons: bool
    naloxone: bool
    acknowledge: bool
    status: str

    @property
    def rank(self) -> int:
        """1 for the most dangerous."""
        return GROUPS.index(self.group) + 1

    @property
    def is_high(self) -> bool:
        """Whether the notice must be acknowledged before identity detail is shown."""
        return self.acknowledge

    @property
    def headline(self) -> str:
        """One line that fits a list: signal word, title and group."""
        return f"{self.signal}: {self.title.lower()} ({self.group}). {self.summary}"


@cache
def _policy() -> tuple[Mapping[str, HazardGroup], Mapping[str, str]]:
    path = substances.DATA_FOLDER / "hazards.toml"
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        groups = {entry["id"]: _group(entry, data["status"]) for entry in data["group"]}
        classes = dict(data["class"])
    except (FileNotFoundError, tomllib.TOMLDecodeError, KeyError) as fault:
        raise LibraryError(
            f"the hazard policy cannot be read: {fault}", hint="Install fol-lims again."
        ) from fault
    unknown = {*classes.values()} - {*groups} or {*GROUPS} ^ {*groups}
    if unknown:
        raise LibraryError(f"the hazard policy names groups it does not define: {sorted(unknown)}")
    return MappingProxyType(groups), MappingProxyType(classes)


def _group(entry: Mapping[str, object], status: str) -> HazardGroup:
    def lines(name: str) -> tuple[str, ...]:
        value = entry[name]
        return tuple(str(line) for line in value) if isinstance(value, list) else (str(value),)

    return HazardGroup(
        group=str(entry["id"]),
        title=str(entry["title"]),
        signal=str(entry["signal"]),
        summary=str(entry["summary"]),
        officers=lines("officers"),
        bench=lines("bench"),
        protection=lines("protection"),
        two_persons=bool(entry["two_persons"]),
        naloxone=bool(entry["naloxone"]),
        acknowledge=bool(entry["acknowledge"]),
        status=status,
    )


def group(name: str) -> HazardGroup:
    """Return the handling group ``H1`` … ``H6``.

    Raises
    ------
    LibraryError
        There is no group of that name.
    """
    groups = _policy()[0]
    if name not in groups:
        raise LibraryError(
            f"there is no hazard group {name!r}", hint=f"One of {', '.join(groups)}."
        )
    return groups[name]


def of_class(class_name: str) -> HazardGroup | None:
    """Return the group of a class, the single substance known or not; None for no such class."""
    found = _policy()[1].get(class_name)
    return group(found) if found else None


def of_substance(substance: substances.Substance) -> HazardGroup:
    """Return the group of a substance in the table."""
    return group(substance.hazard_group)


def of_name(name: str) -> HazardGroup | None:
    """Return the group of a name as an instrument or a person wrote it, or None.

    A name in no table that ends like a fentanyl or a nitazene gets the group of that class.
    """
    found = substances.table().find(name)
    if found:
        return of_substance(found)
    plain = name.casefold().replace(" ", "").replace("-", "")
    for ending, class_name in _DANGEROUS_ENDINGS:
        if ending in plain and not plain.startswith("nor"):
            return of_class(class_name)
    return None


def highest(groups: Iterable[str | HazardGroup | None]) -> HazardGroup | None:
    """Return the most dangerous of several groups, given by name or as such; None for none.

    ``None`` among them is passed over, so that the answers of `of_name` can be given as they are.
    """
    found = [group(item) if isinstance(item, str) else item for item in groups if item]
    return min(found, key=lambda item: item.rank, default=None)
