"""What law says of a structure on a day: every rule asked, with its answer and the reasons.

Rules are dated data (`libraries.legal_rules`); this module asks them. Not legal advice. Knows no
clock: whoever asks says which day is meant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from libraries import legal_fields, legal_lists, legal_rules
from libraries.errors import LibraryError
from libraries.legal_lists import Listed
from libraries.legal_reading import Reading
from libraries.legal_rules import Rule, RuleSet, Version

if TYPE_CHECKING:
    from rdkit.Chem import Mol

NOT_ADVICE = (
    "Not legal advice: a structural reading by software. A chemist decides on the structure, "
    "a lawyer on the law."
)
# Later than any version that is written down: "as the law stands in these files".
_LATEST = "9999-12-31"


class Outcome(StrEnum):
    """What one rule says of one structure on one day, the strongest first."""

    APPLIES = "applies"
    MAY_APPLY = "may apply"
    """The core is there; the rule's closed lists are not read by software."""
    OPEN = "open question"
    """The text leaves it open, or this part of it is not coded."""
    EXCEPTED = "excepted"
    NOT_YET = "not yet in force"
    ENDED = "no longer in force"
    NO = "does not apply"


_RANK = {outcome: rank for rank, outcome in enumerate(Outcome)}
_CERTAINTY = {
    "sites": "definition read site by site",
    "derived": "definition read group by group",
    "screen": "core only",
    "listed": "listed by name",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleResult:
    """What one rule says of one structure.

    Parameters
    ----------
    id, jurisdiction, rule, schedule : str
    valid_from, valid_to : str
        Of the version that was read; of the entry, where a list names the substance.
    outcome : Outcome
    applies : bool
        The structural reading is yes and the rule is in force: `Outcome.APPLIES` or
        `Outcome.MAY_APPLY`.
    meets_structure : bool
        The test before exceptions by name and before dates.
    letters, reasons : tuple of str
    certainty, text_status, source, sure : str
        How the rule is read, and how its text was come by.
    revision : int
        0 for the package's own rule, else the lab's import.
    """

    id: str
    jurisdiction: str
    rule: str
    schedule: str
    valid_from: str
    valid_to: str
    outcome: Outcome
    applies: bool
    meets_structure: bool
    letters: tuple[str, ...]
    reasons: tuple[str, ...]
    certainty: str
    text_status: str
    source: str
    sure: str
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """Classes a structure is built like, what each rule says of it, and the caution.

    ``parts`` are the organic parts that were read, as SMILES, the largest first; ``inchikey`` and
    the exceptions by name are those of each part, the first shown.
    """

    classes: tuple[str, ...]
    rules: tuple[RuleResult, ...]
    inchikey: str
    parts: tuple[str, ...] = ()
    on: str = ""
    rule_set: str = ""
    advice: str = NOT_ADVICE


def definitions() -> tuple[Rule, ...]:
    """Return every rule this software brings, the United States first."""
    return legal_rules.packaged().rules


def pointer(class_name: str, *, rules: RuleSet | None = None) -> str:
    """Return, without looking at any structure, which rules a class may fall under.

    For candidates, whose structure is not known. Empty where no rule here is about it.
    """
    found = [one.pointer for one in rules or legal_rules.packaged() if class_name in one.classes]
    return "; ".join(found) + ". Not legal advice." if found else ""


def classify(smiles: str, *, day: str = "", rules: RuleSet | None = None) -> Classification:
    """Return the classes and the legal reading of one structure, or of each part of a mixture.

    Parameters
    ----------
    smiles : str
        Counter-ions and solvents are left out; of several organic parts each is read, and a rule
        applies to the whole where it applies to one of them.
    day : str
        ISO day the reading is for. The newest version of every rule if empty.
    rules : RuleSet or None
        A lab's own; what this software brings if None.

    Raises
    ------
    LibraryError
        Not a structure, larger than any drug, or not a day.
    """
    from rdkit import Chem

    from libraries import structure

    if day and not legal_fields.is_day(day):
        raise LibraryError(f"{day[:40]!r} is not a day", hint="Give it as 2018-01-01.")
    asked = legal_rules.packaged() if rules is None else rules
    found = structure.parts(smiles)
    keys = [structure.inchikey(part) for part in found]
    classes = dict.fromkeys(name for part in found for name in structure.classes_of(part))
    shown = tuple(Chem.MolToSmiles(part) for part in found)
    parts = [_Part(molecule=m, inchikey=k) for m, k in zip(found, keys, strict=True)]
    results = tuple(_strongest(rule, parts, shown, day or _LATEST) for rule in asked)
    return Classification(
        classes=tuple(classes),
        rules=results,
        inchikey=keys[0],
        parts=shown,
        on=day,
        rule_set=asked.digest,
    )


def outcome_by_name(rule: Rule, inchikey: str) -> Outcome:
    """Return what the newest version of a list says of an InChIKey; needs no structure."""
    version, in_force = rule.on(_LATEST)
    found = _read_list(version, inchikey, _LATEST)
    return _outcome(version, found, False) if in_force else Outcome.ENDED


def check(rule: Rule) -> None:
    """Raise `LibraryError` unless every test of a rule is one that can be asked.

    For rules that come from outside; those of the package are held to it by their tests.
    """
    from libraries import legal_derived, legal_screen, legal_sites

    checks = {
        "listed": legal_lists.check,
        "screen": legal_screen.check,
        "derived": legal_derived.check,
        "sites": legal_sites.check,
    }
    for version in rule.versions:
        kind = str(version.test["kind"])
        try:
            legal_fields.only_fields(version.test, _FIELDS[kind], f"a test of kind {kind}")
            checks[kind](version.test)
        except (TypeError, ValueError, KeyError, AttributeError) as fault:
            raise LibraryError(
                f"{rule.id}: a field of its test is of the wrong kind: {fault}",
                hint="docs/law.md shows every field of a rule's file.",
            ) from fault


_FIELDS = {
    "listed": {"kind", "as_of", "entries"},
    "screen": {
        "kind",
        "patterns",
        "unless",
        "largest_mass",
        "reason_met",
        "reason_not_met",
        "reason_unless",
    },
    "derived": {
        "kind",
        "cores",
        "sites",
        "modifications",
        "largest_mass",
        "reason_no_core",
        "reason_parent",
    },
    "sites": {"kind", "core", "letters", "lists", "starts", "reason_no_core"},
}


@dataclass(slots=True, kw_only=True)
class _Part:
    """One organic part while it is read; its tautomer is made once, and only if asked for."""

    molecule: Mol
    inchikey: str
    _other: Mol | None = None
    _asked: bool = False

    def tautomer(self) -> Mol | None:
        from libraries import structure

        if not self._asked:
            self._other, self._asked = structure.tautomer(self.molecule), True
        return self._other


def _strongest(rule: Rule, parts: list[_Part], shown: tuple[str, ...], day: str) -> RuleResult:
    results = [_result(rule, part, day) for part in parts]
    at = min(range(len(results)), key=lambda index: (_RANK[results[index].outcome], index))
    best = results[at]
    if len(parts) == 1:
        return best
    told = f"of {len(parts)} parts, {shown[at]}"
    more = [
        f"also part {shown[index]}: {each.reasons[0]}"
        for index, each in enumerate(results)
        if index != at and each.applies
    ]
    return replace(best, reasons=(told, *best.reasons, *more))


def _result(rule: Rule, part: _Part, day: str) -> RuleResult:
    version, in_force = rule.on(day)
    found = _read(version, part, day)
    out = [each for each in version.excepted if part.inchikey.startswith(each.inchikey_block)]
    reasons = found.reasons
    if out:
        reasons = (*reasons, f"excepted: {out[0].name}, {out[0].reason}")
    outcome = _outcome(version, found, bool(out))
    if not in_force:
        outcome = Outcome.NOT_YET if day < version.valid_from else Outcome.ENDED
        end = f"from {version.valid_from}" if outcome is Outcome.NOT_YET else version.valid_to
        reasons = (f"{outcome} on {day}: {end}", *reasons)
    return RuleResult(
        id=rule.id,
        jurisdiction=rule.jurisdiction,
        rule=rule.rule,
        schedule=found.schedule or version.schedule,
        valid_from=found.since or version.valid_from,
        valid_to=version.valid_to,
        outcome=outcome,
        applies=outcome in (Outcome.APPLIES, Outcome.MAY_APPLY),
        meets_structure=found.met or found.not_yet or found.ended,
        letters=found.letters,
        reasons=reasons,
        certainty=_CERTAINTY[str(version.test["kind"])],
        text_status=version.text_status,
        source=version.source,
        sure=version.sure,
        revision=rule.revision,
    )


def _outcome(version: Version, found: Reading, is_excepted: bool) -> Outcome:
    if found.not_yet:
        return Outcome.NOT_YET
    if found.ended:
        return Outcome.ENDED
    if is_excepted and (found.met or found.open):
        return Outcome.EXCEPTED
    if found.met:
        return Outcome.MAY_APPLY if version.is_screen else Outcome.APPLIES
    return Outcome.OPEN if found.open else Outcome.NO


def _read(version: Version, part: _Part, day: str) -> Reading:
    if version.test["kind"] == "listed":
        return _read_list(version, part.inchikey, day)
    found = _read_structure(version, part.molecule)
    if found.met or found.open:
        return found
    other = part.tautomer()
    second = found if other is None else _read_structure(version, other)
    if not second.met and not second.open:
        return found
    return replace(second, reasons=("read in its keto or other main tautomer", *second.reasons))


def _read_list(version: Version, inchikey: str, day: str) -> Reading:
    as_of = str(version.test.get("as_of", version.valid_from))
    return legal_lists.read_listed(_index(version), inchikey, day, as_of)


def _read_structure(version: Version, molecule: Mol) -> Reading:
    from libraries import legal_derived, legal_screen, legal_sites

    kind = version.test["kind"]
    if kind == "sites":
        return legal_sites.read_sites(version.test, molecule)
    if kind == "derived":
        return legal_derived.read_derived(version.test, molecule)
    return legal_screen.read_screen(version.test, molecule)


def _index(version: Version) -> Mapping[str, Listed]:
    # A test is read-only data of a rule that lives as long as the process.
    return _indexed(_Same(version))


class _Same:
    """A version as a key of a cache: the object itself, not its content."""

    def __init__(self, version: Version) -> None:
        self.version = version

    def __hash__(self) -> int:
        return id(self.version)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.version is self.version


@lru_cache(maxsize=64)
def _indexed(same: _Same) -> Mapping[str, Listed]:
    found = legal_lists.entries(same.version.test, same.version.source)
    # Where two entries share a skeleton (a schedule and a precursor list), the later one is told.
    return {each.inchikey_block: each for each in found}
