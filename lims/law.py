"""The legal rules of a lab: what the software brings, with the lab's own in their place.

A rule of the lab is imported from a file, by a person, with a reason, and never changed: a
correction is the next revision. `lims.law_review` reads stored findings against them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lims import canonical, fields, records, workflow
from lims.errors import NotFoundError, RecordError, StateError
from lims.workflow import Verb

if TYPE_CHECKING:
    from libraries.legal_rules import Rule, RuleSet
    from lims.lab import Lab

_MAX_FILE = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedRule:
    """A rule that was taken in, and what it says of the substances table, by outcome."""

    rule: Rule
    said: Mapping[str, tuple[str, ...]]


def rules(lab: Lab, *, at: str = "") -> RuleSet:
    """Return the rules a lab reads by.

    Parameters
    ----------
    lab : Lab
    at : str
        A stamp of the record: the lab's rules as they stood then; as they stand now if empty.

    Raises
    ------
    LibraryError, RecordError
        A rule file of the package or of the record is damaged.
    """
    from libraries import legal_rules

    found = records.rows(
        lab.db,
        "SELECT id, revision, document FROM law_rule r WHERE revision=(SELECT max(revision) "
        "FROM law_rule n WHERE n.id=r.id AND (?='' OR n.at<=?)) ORDER BY id",
        at,
        at,
    )
    own = [
        legal_rules.parse(
            canonical.parsed(row["document"]),
            f"rule {row['id']}, revision {row['revision']}",
            revision=int(row["revision"]),
        )
        for row in found
    ]
    return legal_rules.packaged().replaced(own)


def import_rule(
    lab: Lab, actor: str, path: str | Path, *, reason: str, key: str = ""
) -> ImportedRule:
    """Take a rule from a file of ``fol.law/1`` into the lab's record.

    A rule of an id that is known takes its place from now on; what was read by the old one stays
    as it was until `lims.law_review.record` lists what changes.

    Raises
    ------
    NotFoundError
        The file cannot be opened.
    RecordError
        It is larger than any rule, or no JSON.
    LibraryError
        It is no rule: says which field, or which pattern cannot be asked or does not end.
    StateError
        It says what the rule in force says already.
    PermissionDenied, BusyError, StorageFullError
    """
    from libraries import legal, legal_rules, legal_trial

    why = fields.line(reason, "the reason", required=True)
    workflow.require(records.person(lab.db, actor), Verb.MANAGE_LAW)
    source = Path(path)
    # Once through the record's own spelling, so that what is stored has the digest told here.
    document = canonical.parsed(canonical.dumps(canonical.loads(_bytes(source))).decode())
    rule = legal_rules.parse(document, fields.visible(source.name))
    legal.check(rule)
    said = legal_trial.try_rule(rule)
    with lab.writing(actor, key) as act:
        act.allow(Verb.MANAGE_LAW)
        first = act.repeated("law.rule_imported")
        before = {each.id: each for each in rules(lab)}.get(rule.id)
        if first is None and before is not None and before.digest == rule.digest:
            raise StateError(
                f"the rule {rule.id} says this already",
                hint="Nothing was changed. `fol law show` prints the rule in force.",
            )
        if first is None:
            act.append(
                "law.rule_imported",
                {
                    "id": rule.id,
                    "revision": _last_revision(lab, rule.id) + 1,
                    "digest": rule.digest,
                    "replaces": "" if before is None else before.digest,
                    "document": document,
                    "reason": why,
                },
            )
    kept = rule.id if first is None else str(first.body["id"])
    return ImportedRule(rule=rules(lab).get(kept), said=said)


def _last_revision(lab: Lab, rule_id: str) -> int:
    found = records.value(lab.db, "SELECT max(revision) FROM law_rule WHERE id=?", rule_id)
    return int(found or 0)


def _bytes(source: Path) -> bytes:
    try:
        with source.open("rb") as file:
            data = file.read(_MAX_FILE + 1)
    except OSError as error:
        raise NotFoundError(
            f"{fields.visible(str(source))} cannot be opened: {error.strerror or error}",
            hint="Check the name and that this account may read it.",
        ) from error
    if len(data) > _MAX_FILE:
        raise RecordError(f"{fields.visible(source.name)} is larger than {_MAX_FILE} bytes")
    return data
