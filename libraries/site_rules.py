"""The shipped rules on sites of change, read and checked once: data for `spectra.change_site`.

Beside each rule stands the skeleton it speaks of, for those who look at structures. No RDKit here.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import cast

from libraries.errors import LibraryError
from spectra.site_rule import Site, SiteIon, SiteRule

_FILE = "site_rules.toml"
_HINT = "Reinstall the software; its data files are damaged."
_Table = Mapping[str, object]
_MAX_MZ = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteCore:
    """The skeleton of a class: SMARTS with numbered atoms, and the numbers of each site."""

    patterns: tuple[str, ...]
    atoms: tuple[tuple[int, ...], ...]
    parent_smiles: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassSites:
    """What is known of the sites of one class."""

    rule: SiteRule
    core: SiteCore


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRules:
    """All rules and the day they were last looked at."""

    rules: tuple[ClassSites, ...]
    as_of: str

    def of_class(self, class_name: str) -> ClassSites | None:
        """Return the rule of a class by any label a library gives it, or None."""
        said = class_name.strip().lower()
        found = (each for each in self.rules if said in each.rule.labels)
        return next(found, None)


@cache
def site_rules() -> SiteRules:
    """Return the shipped rules.

    Raises
    ------
    LibraryError
        The data file does not say what it must, with the rule and the field.
    """
    shipped = resources.files("libraries").joinpath("data", _FILE)
    return parse_site_rules(shipped.read_text(encoding="utf-8"))


def parse_site_rules(text: str) -> SiteRules:
    """Return the rules that a TOML text states.

    Raises
    ------
    LibraryError
        As `site_rules`.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _wrong(f"it is no TOML: {error}") from error
    entries = data.get("rule", [])
    if not isinstance(entries, list) or not entries:
        raise _wrong("it holds no [[rule]]")
    rules = tuple(_class_sites(entry) for entry in entries)
    labels = [label for each in rules for label in each.rule.labels]
    twice = sorted({label for label in labels if labels.count(label) > 1})
    if twice:
        raise _wrong(f"the label {twice[0]!r} belongs to two rules")
    return SiteRules(rules=rules, as_of=str(data.get("as_of", "")))


def _class_sites(entry: object) -> ClassSites:
    table = _as_table(entry, "a rule")
    name = _text(table, "class", "a rule")
    sites = [_as_table(each, name) for each in _list(table, "site", name)]
    if len(sites) < 2:
        raise _wrong(f"{name}: a skeleton needs two sites at least")
    ids = [_text(site, "id", name) for site in sites]
    if len(set(ids)) != len(ids):
        raise _wrong(f"{name}: two sites have one id")
    ions = tuple(_ion(each, ids, name) for each in _list(table, "ion", name))
    if not ions:
        raise _wrong(f"{name}: no ion")
    rule = SiteRule(
        class_name=name,
        labels=frozenset(label.lower() for label in _texts(table, "labels", name)),
        parent=_text(table, "parent", name),
        parent_mass=_whole(table, "parent_mass", name),
        sites=tuple(_site(site, name) for site in sites),
        ions=ions,
        source=_text(table, "source", name),
        measured=_flag(table, "measured", name),
    )
    atoms = tuple(tuple(_wholes(site, "atoms", name)) for site in sites)
    numbers = [number for each in atoms for number in each]
    if not all(atoms) or len(set(numbers)) != len(numbers):
        raise _wrong(f"{name}: each site needs atoms of its own")
    core = SiteCore(
        patterns=tuple(_texts(table, "core", name)),
        atoms=atoms,
        parent_smiles=_text(table, "parent_smiles", name),
    )
    return ClassSites(rule=rule, core=core)


def _site(table: _Table, name: str) -> Site:
    return Site(
        id=_text(table, "id", name),
        words=_text(table, "words", name),
        letters=tuple(_texts(table, "letters", name)) if "letters" in table else (),
        changes=frozenset(_wholes(table, "changes", name)),
        side=_text(table, "side", name) if "side" in table else "",
    )


def _ion(entry: object, ids: list[str], name: str) -> SiteIon:
    table = _as_table(entry, f"{name}, ion")
    # An ion may hold no site: then it stays, whatever changes, and speaks for the class.
    held = _texts(table, "holds", name) if table.get("holds") != [] else []
    unknown = [each for each in held if each not in ids]
    if unknown:
        raise _wrong(f"{name}: an ion holds {unknown[0]!r}, which is no site")
    mz = _whole(table, "mz", name)
    if not 1 < mz <= _MAX_MZ:
        raise _wrong(f"{name}: an ion at m/z {mz}")
    return SiteIon(
        words=_text(table, "words", name),
        mz=mz,
        sites=frozenset(ids.index(each) for each in held),
        seen=_share(table, "seen", name),
        min_relative=_share(table, "min_relative", name),
    )


def _as_table(value: object, where: str) -> _Table:
    if not isinstance(value, dict):
        raise _wrong(f"{where}: expected a table, found {value!r}")
    return cast("_Table", value)


def _list(table: _Table, key: str, where: str) -> list[object]:
    value = table.get(key)
    if not isinstance(value, list):
        raise _wrong(f"{where}: {key} must be a list, found {value!r}")
    return value


def _text(table: _Table, key: str, where: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value.strip():
        raise _wrong(f"{where}: {key} must be a text, found {value!r}")
    return value


def _texts(table: _Table, key: str, where: str) -> list[str]:
    value = _list(table, key, where)
    if not value or not all(isinstance(item, str) and item for item in value):
        raise _wrong(f"{where}: {key} must be a list of texts, found {value!r}")
    return cast("list[str]", value)


def _whole(table: _Table, key: str, where: str) -> int:
    value = table.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong(f"{where}: {key} must be a whole number, found {value!r}")
    return value


def _wholes(table: _Table, key: str, where: str) -> list[int]:
    value = _list(table, key, where)
    if not all(isinstance(item, int) and not isinstance(item, bool) for item in value):
        raise _wrong(f"{where}: {key} must be a list of whole numbers, found {value!r}")
    return cast("list[int]", value)


def _share(table: _Table, key: str, where: str) -> float:
    value = table.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1:
        raise _wrong(f"{where}: {key} must be between 0 and 1, found {value!r}")
    return float(value)


def _flag(table: _Table, key: str, where: str) -> bool:
    value = table.get(key)
    if not isinstance(value, bool):
        raise _wrong(f"{where}: {key} must be true or false, found {value!r}")
    return value


def _wrong(problem: str) -> LibraryError:
    return LibraryError(f"{_FILE}: {problem}", hint=_HINT)
