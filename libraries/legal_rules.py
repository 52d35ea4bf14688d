"""Legal rules as dated data: what a rule is, how its file is read, and what identifies a set.

A rule is one definition of one jurisdiction with all its versions. Files of the package are TOML,
a lab's own are JSON; both hold the same names (``fol.law/1``). Knows no chemistry: whether a
structural test is one that can be asked is `libraries.legal.check`.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import cast

from libraries import substances
from libraries.errors import LibraryError
from libraries.legal_fields import Reader

SCHEMA = "fol.law/1"
KINDS = ("sites", "derived", "screen", "listed")
"""Structural tests there are: site by site, derived by listed changes, core only, by name."""

_ID = re.compile(r"[a-z][a-z0-9-]{2,59}")
_BLOCK = re.compile(r"[A-Z]{14}")
_MAX_VERSIONS = 40
_MAX_ENTRIES = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Excepted:
    """A substance a definition takes out by name."""

    name: str
    inchikey_block: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """The wording of a rule between two days.

    Parameters
    ----------
    valid_from, valid_to : str
        ISO days; in force from the first, no longer on the second. ``valid_to`` is empty while in
        force.
    source : str
        Public citation.
    text, text_status : str
        ``text_status`` says whether the text is the instrument's own or a paraphrase.
    sure : str
        How the text and the dates were come by.
    schedule : str
    open_questions : tuple of str
    test : mapping
        ``kind`` is one of `KINDS`; the rest is the test's own data.
    excepted : tuple of Excepted
    """

    valid_from: str
    valid_to: str
    source: str
    text: str
    text_status: str
    sure: str
    schedule: str
    open_questions: tuple[str, ...]
    test: Mapping[str, object]
    excepted: tuple[Excepted, ...]

    def in_force(self, day: str) -> bool:
        """Return whether it was in force on an ISO day."""
        return self.valid_from <= day and (not self.valid_to or day < self.valid_to)

    @property
    def is_screen(self) -> bool:
        """Whether the test looks for the core only, not for the closed lists of the rule."""
        return self.test["kind"] == "screen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One definition of one jurisdiction, with all its versions in time.

    Parameters
    ----------
    id : str
        Its file's name here; a lab's rule of the same id takes its place.
    jurisdiction, rule : str
        The rule's name in words.
    classes : tuple of str
        Classes of the substances table that it is about.
    pointer : str
        One line for a candidate whose structure is not known.
    versions : tuple of Version
        Oldest first; they never overlap.
    digest : str
        SHA-256 of its canonical JSON, as hex: changes with any change of the rule.
    document : mapping
        The content of its file, as it can be imported again.
    revision : int
        0 for the package's own; a lab's imports count from 1.
    """

    id: str
    jurisdiction: str
    rule: str
    classes: tuple[str, ...]
    pointer: str
    versions: tuple[Version, ...]
    digest: str
    document: Mapping[str, object]
    revision: int = 0

    def on(self, day: str) -> tuple[Version, bool]:
        """Return the version in force on an ISO day and True; else the nearest one and False."""
        for version in self.versions:
            if version.in_force(day):
                return version, True
        before = [each for each in self.versions if each.valid_from <= day]
        return (before[-1] if before else self.versions[0]), False


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules that are asked, in the order they are told; immutable."""

    rules: tuple[Rule, ...]

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.rules)

    def __len__(self) -> int:
        return len(self.rules)

    @property
    def digest(self) -> str:
        """SHA-256 over the digests of its rules: two sets of one digest say the same."""
        whole = "".join(f"{each.id} {each.digest}\n" for each in sorted(self.rules, key=_by_id))
        return hashlib.sha256(whole.encode()).hexdigest()

    def get(self, rule_id: str) -> Rule:
        """Return a rule by its id.

        Raises
        ------
        LibraryError
            There is none; names the nearest.
        """
        for each in self.rules:
            if each.id == rule_id:
                return each
        import difflib

        near = difflib.get_close_matches(rule_id[:60], [each.id for each in self.rules], 3, 0.4)
        raise LibraryError(
            f"there is no rule {rule_id[:60]!r}",
            hint=f"Near: {', '.join(near)}." if near else "`fol law list` shows them all.",
        )

    def replaced(self, newer: Iterable[Rule]) -> RuleSet:
        """Return the set with rules put in the place of those of the same id, new ones last."""
        by_id = {each.id: each for each in self.rules}
        by_id.update({each.id: each for each in newer})
        return RuleSet(_ordered(by_id.values()))


def _by_id(rule: Rule) -> str:
    return rule.id


def _ordered(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    # The United States first, and there the class definition before the lists.
    return tuple(sorted(rules, key=lambda r: (r.jurisdiction != "United States", r.id)))


@cache
def packaged() -> RuleSet:
    """Return the rules this software brings.

    Raises
    ------
    LibraryError
        The package's own files are missing or damaged.
    """
    paths = sorted((substances.DATA_FOLDER / "legal").glob("*.toml"))
    if not paths:
        raise LibraryError("the legal definitions are missing", hint="Install fol-lims again.")
    found = []
    for path in paths:
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as fault:
            raise LibraryError(
                f"{path.name} cannot be read: {fault}", hint="Install fol-lims again."
            ) from fault
        found.append(parse(data, path.name))
    return RuleSet(_ordered(found))


def parse(data: object, where: str, *, revision: int = 0) -> Rule:
    """Return a rule from the content of its file. Strict: nothing missing, nothing unknown.

    Parameters
    ----------
    data : object
        Parsed TOML or JSON of schema ``fol.law/1``.
    where : str
        Names the file in errors.

    Raises
    ------
    LibraryError
        Says which field is wrong and what is expected.
    """
    reader = Reader(where)
    whole = reader.table(
        data,
        "the rule",
        {"schema", "id", "jurisdiction", "rule", "classes", "pointer", "version"},
        {"test", "excepted", "schedule"},
    )
    if whole["schema"] != SCHEMA:
        reader.fail(f"schema is {whole['schema']!r}, expected {SCHEMA!r}")
    rule_id = reader.text(whole, "id")
    if not _ID.fullmatch(rule_id):
        reader.fail(f"id {rule_id[:60]!r} is not of small letters, digits and hyphens")
    classes = reader.lines(whole, "classes")
    unknown = sorted(set(classes) - set(substances.table().class_names))
    if unknown:
        reader.fail(f"classes names what the substances table does not know: {unknown[:3]}")
    found = whole["version"]
    if not isinstance(found, list) or not 1 <= len(found) <= _MAX_VERSIONS:
        reader.fail(f"version must be a list of 1 to {_MAX_VERSIONS} tables")
    versions = tuple(_version(reader, each, whole) for each in found)
    _check_order(reader, versions)
    return Rule(
        id=rule_id,
        jurisdiction=reader.text(whole, "jurisdiction"),
        rule=reader.text(whole, "rule"),
        classes=classes,
        pointer=reader.text(whole, "pointer"),
        versions=versions,
        digest=hashlib.sha256(canonical(whole)).hexdigest(),
        document=whole,
        revision=revision,
    )


def canonical(data: Mapping[str, object]) -> bytes:
    """Return the one spelling of a rule's content that its digest is taken of."""
    return json.dumps(
        data, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    ).encode()


def _version(reader: Reader, data: object, whole: Mapping[str, object]) -> Version:
    one = reader.table(
        data,
        "a version",
        {"valid_from", "valid_to", "source", "text", "text_status", "sure"},
        {"test", "excepted", "schedule", "open_questions"},
    )
    both = {**whole, **one}
    if "test" not in both or "schedule" not in both:
        reader.fail("a version has no test or no schedule, and the rule has none for all")
    test = both["test"]
    if not isinstance(test, dict) or test.get("kind") not in KINDS:
        reader.fail(f"the test's kind must be one of {', '.join(KINDS)}")
    return Version(
        valid_from=reader.day(one, "valid_from"),
        valid_to=reader.day(one, "valid_to", may_be_empty=True),
        source=reader.text(one, "source"),
        text=reader.text(one, "text").strip(),
        text_status=reader.text(one, "text_status"),
        sure=reader.text(one, "sure"),
        schedule=reader.text(both, "schedule"),
        open_questions=reader.lines(one, "open_questions") if "open_questions" in one else (),
        test=cast("Mapping[str, object]", test),
        excepted=_excepted(reader, both.get("excepted", [])),
    )


def _check_order(reader: Reader, versions: tuple[Version, ...]) -> None:
    for each in versions:
        if each.valid_to and each.valid_to <= each.valid_from:
            reader.fail(f"a version ends on {each.valid_to}, not after its start {each.valid_from}")
    for older, newer in pairwise(versions):
        if not older.valid_to or older.valid_to > newer.valid_from:
            reader.fail(
                f"the version from {older.valid_from} is not over when that from "
                f"{newer.valid_from} begins"
            )


def _excepted(reader: Reader, entries: object) -> tuple[Excepted, ...]:
    if not isinstance(entries, list) or len(entries) > _MAX_ENTRIES:
        reader.fail("excepted must be a list of tables")
    found = []
    for entry in entries:
        one = reader.table(entry, "an excepted substance", {"name", "reason"}, {"inchikey_block"})
        name = reader.text(one, "name")
        found.append(
            Excepted(
                name=name,
                inchikey_block=skeleton_of(one, name, reader.where),
                reason=reader.text(one, "reason"),
            )
        )
    return tuple(found)


def skeleton_of(entry: Mapping[str, object], name: str, where: str) -> str:
    """Return the first InChIKey block an entry names: its own, else that of the table's substance.

    Raises
    ------
    LibraryError
        It gives none and its name stands in no table, or what it gives is none.
    """
    block = entry.get("inchikey_block", "")
    if block:
        if not isinstance(block, str) or not _BLOCK.fullmatch(block):
            raise LibraryError(f"{where}: {name}: {block!r:.40} is no first block of an InChIKey")
        return block
    row = substances.table().find(name)
    if row is None:
        raise LibraryError(
            f"{where}: {name[:60]!r} stands in no substances table",
            hint="Give its inchikey_block, the first 14 letters of its InChIKey.",
        )
    return row.inchikey_block
