"""The shipped ion rules and mass changes, read and checked once: data for `spectra.analogue`."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import cast

from libraries.errors import LibraryError
from spectra.analogue import MassChange
from spectra.class_ions import FragmentChain, IonGroup, IonRule, Loss

_RULES = "ion_rules.toml"
_CHANGES = "mass_changes.csv"
_HINT = "Reinstall the software; its data files are damaged."
_Table = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class IonRules:
    """All rules, the labels that name no class, and the day the rules were last looked at.

    ``by_role`` are labels of what a substance is used for: such a hit indicates no class.
    """

    rules: tuple[IonRule, ...]
    no_class: frozenset[str]
    by_role: frozenset[str]
    as_of: str

    def class_label(self, label: str) -> str | None:
        """Return a library's class label as the reasoning takes it: None where it is no class."""
        said = label.strip().lower()
        return None if said in self.no_class else said


@cache
def ion_rules() -> IonRules:
    """Return the shipped ion rules.

    Raises
    ------
    LibraryError
        The data file does not say what it must, with the rule and the field.
    """
    return parse_ion_rules(_shipped(_RULES))


@cache
def mass_changes() -> tuple[MassChange, ...]:
    """Return the shipped mass changes, in the order of the file.

    Raises
    ------
    LibraryError
        A row is not complete.
    """
    return parse_mass_changes(_shipped(_CHANGES))


def parse_ion_rules(text: str) -> IonRules:
    """Return the rules that a TOML text states."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _wrong(f"it is no TOML: {error}") from error
    entries = data.get("rule", [])
    if not isinstance(entries, list) or not entries:
        raise _wrong("it holds no [[rule]]")
    rules = tuple(_rule(entry) for entry in entries)
    labels = [label for rule in rules for label in rule.labels]
    twice = sorted({label for label in labels if labels.count(label) > 1})
    if twice:
        raise _wrong(f"the label {twice[0]!r} belongs to two rules")
    return IonRules(
        rules=rules,
        no_class=frozenset(text.lower() for text in _texts(data, "no_class", "the file")),
        by_role=frozenset(text.lower() for text in _texts(data, "by_role", "the file")),
        as_of=str(data.get("as_of", "")),
    )


def parse_mass_changes(text: str) -> tuple[MassChange, ...]:
    """Return the mass changes that a CSV text with a header states."""
    found = []
    for number, row in enumerate(csv.DictReader(text.splitlines()), start=2):
        delta, change = row.get("delta_da") or "", (row.get("change") or "").strip()
        digits = delta.removeprefix("-")
        if not digits.isdecimal() or not change or int(delta) == 0:
            raise LibraryError(
                f"{_CHANGES}, line {number}: expected a whole mass difference and its change, "
                f"found {delta!r}, {change!r}",
                hint=_HINT,
            )
        found.append(MassChange(delta_da=int(delta), change=change, caution=row["caution"] or ""))
    return tuple(found)


def _shipped(name: str) -> str:
    return resources.files("libraries").joinpath("data", name).read_text(encoding="utf-8")


def _rule(entry: object) -> IonRule:
    table = _as_table(entry, "a rule")
    name = _text(table, "class", "a rule")
    labels = frozenset(label.lower() for label in _texts(table, "labels", name))
    groups = table.get("groups", [])
    chain = table.get("chain")
    rule = IonRule(
        class_name=name,
        labels=labels,
        kin=frozenset(label.lower() for label in _texts(table, "kin", name)),
        groups=tuple(_group(group, name) for group in cast("list[object]", groups)),
        min_groups=_whole(table, "min_groups", name),
        chain=None if chain is None else _chain(_as_table(chain, f"{name}, chain"), name),
        measured=_flag(table, "measured", name),
        alone=_flag(table, "alone", name),
        source=_text(table, "source", name),
    )
    if not 1 <= rule.min_groups <= len(rule.groups):
        raise _wrong(f"{name}: min_groups {rule.min_groups} of {len(rule.groups)} groups")
    return rule


def _group(entry: object, name: str) -> IonGroup:
    table = _as_table(entry, f"{name}, groups")
    return IonGroup(
        label=_text(table, "ion", name),
        mz=_wholes(table, "mz", name),
        min_relative=_share(table.get("min_relative"), name),
        is_base=bool(table.get("is_base", False)),
    )


def _chain(table: _Table, name: str) -> FragmentChain:
    unchanged = _wholes(table, "unchanged", name)
    sites = _texts(table, "sites", name)
    heights = table.get("min_relative")
    shares = tuple(_share(h, name) for h in heights) if isinstance(heights, list) else ()
    if len(unchanged) != 4 or len(sites) != 3 or len(shares) != 3:
        raise _wrong(f"{name}: a chain needs 4 unchanged masses, 3 sites and 3 heights")
    if unchanged[2] - unchanged[3] != _whole(table, "core_loss", name):
        raise _wrong(f"{name}: core_loss does not lead from the second to the third ion")
    return FragmentChain(
        tails=_losses(table, "tails", name),
        branches=_losses(table, "branches", name),
        core_loss=_whole(table, "core_loss", name),
        core_changes=_changes(table, name),
        early_core_loss=_share(table.get("early_core_loss"), name),
        unchanged=unchanged,
        sites=cast("tuple[str, str, str]", tuple(sites)),
        min_relative=shares,
    )


def _losses(table: _Table, key: str, name: str) -> tuple[Loss, ...]:
    entries = table.get(key)
    if not isinstance(entries, list) or not entries:
        raise _wrong(f"{name}: {key} is missing")
    tables = [_as_table(entry, f"{name}, {key}") for entry in entries]
    return tuple(Loss(mass=_whole(t, "mass", name), label=_text(t, "of", name)) for t in tables)


def _as_table(value: object, where: str) -> _Table:
    if not isinstance(value, dict):
        raise _wrong(f"{where}: expected a table, found {value!r}")
    return cast("_Table", value)


def _text(table: _Table, key: str, where: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value.strip():
        raise _wrong(f"{where}: {key} must be a text, found {value!r}")
    return value


def _texts(table: _Table, key: str, where: str) -> list[str]:
    value = table.get(key)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _wrong(f"{where}: {key} must be a list of texts, found {value!r}")
    return cast("list[str]", value)


def _whole(table: _Table, key: str, where: str) -> int:
    value = table.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong(f"{where}: {key} must be a whole number, found {value!r}")
    return value


def _wholes(table: _Table, key: str, where: str) -> tuple[int, ...]:
    value = table.get(key)
    good = isinstance(value, list) and value and all(isinstance(m, int) and m > 0 for m in value)
    if not good:
        raise _wrong(f"{where}: {key} must be a list of masses, found {value!r}")
    return tuple(cast("list[int]", value))


def _changes(table: _Table, name: str) -> frozenset[int]:
    value = table.get("core_changes")
    if not isinstance(value, list) or not value or not all(isinstance(d, int) for d in value):
        raise _wrong(f"{name}: core_changes must be a list of mass differences, found {value!r}")
    return frozenset(cast("list[int]", value))


def _share(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
        raise _wrong(f"{where}: min_relative must be above 0 and at most 1, found {value!r}")
    return float(value)


def _flag(table: _Table, key: str, where: str) -> bool:
    value = table.get(key)
    if not isinstance(value, bool):
        raise _wrong(f"{where}: {key} must be true or false, found {value!r}")
    return value


def _wrong(problem: str) -> LibraryError:
    return LibraryError(f"{_RULES}: {problem}", hint=_HINT)
