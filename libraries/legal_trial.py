"""A rule tried on every substance of the table before it is kept: what it would say, and how fast.

A pattern can be written so that matching never ends. A rule from outside is therefore tried in a
child process with a deadline; what a list says by name needs no structure and no child.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from libraries import legal, legal_rules, substances
from libraries.errors import LibraryError
from libraries.legal_rules import Rule

SECONDS = 60.0
_QUIET = ("does not apply", "not yet in force", "no longer in force")


def try_rule(rule: Rule, *, seconds: float = SECONDS) -> Mapping[str, tuple[str, ...]]:
    """Return the substances of the table by what the newest version of a rule says of them.

    Parameters
    ----------
    rule : Rule
        Checked by `legal.check`.
    seconds : float
        How long the trial of structural tests may take.

    Returns
    -------
    mapping of outcome to names
        Those of whom it says nothing are left out.

    Raises
    ------
    LibraryError
        A pattern does not end in time, or ends the process.
    """
    if all(version.test["kind"] == "listed" for version in rule.versions):
        return said_of_table(rule)
    root = str(Path(__file__).resolve().parent.parent)
    try:
        done = subprocess.run(
            # -P: a module lying in the folder one stands in must never be imported from there.
            [sys.executable, "-P", "-c", _CHILD, root],
            input=legal_rules.canonical(rule.document),
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise LibraryError(
            f"{rule.id}: its patterns were not matched to the table within {seconds:g} seconds",
            hint="Write them without long chains of wildcards and without parts apart ('.').",
        ) from late
    try:
        found = json.loads(done.stdout)
        return {str(outcome): tuple(map(str, names)) for outcome, names in found.items()}
    except (ValueError, AttributeError, TypeError) as fault:
        raise LibraryError(
            f"{rule.id}: trying it on the table ended the process (exit {done.returncode})",
            hint="One of its patterns cannot be matched.",
        ) from fault


def said_of_table(rule: Rule) -> dict[str, tuple[str, ...]]:
    """Return the same in this process: for rules that are trusted, and for lists of names."""
    found: dict[str, list[str]] = {}
    only = legal_rules.RuleSet((rule,))
    is_list = all(version.test["kind"] == "listed" for version in rule.versions)
    for row in substances.table():
        if is_list:
            outcome = legal.outcome_by_name(rule, row.inchikey)
        else:
            outcome = legal.classify(row.smiles, rules=only).rules[0].outcome
        if outcome.value not in _QUIET:
            found.setdefault(outcome.value, []).append(row.name)
    return {outcome: tuple(names) for outcome, names in found.items()}


def main() -> None:
    """Read a rule from standard input, try it, write what it says to standard output."""
    rule = legal_rules.parse(json.loads(sys.stdin.buffer.read()), "the rule")
    json.dump(said_of_table(rule), sys.stdout)


_CHILD = (
    "import sys; sys.path.insert(0, sys.argv[1]); from libraries.legal_trial import main; main()"
)
