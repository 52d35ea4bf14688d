"""Substances of one library that one technique does not tell apart, kept beside its index.

A convenience that is learned from the record, never part of it: it names the content it was learned
from, and whoever finds it missing, damaged or of other content has nothing to say.
"""

from __future__ import annotations

import json
import os
import secrets
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from libraries.entry import Section
from spectra.decision import Decision, DecisionState

if TYPE_CHECKING:
    from libraries.candidates import Substances

_SCHEMA = "fol.library.inseparable/1"
_LARGEST = 64 * 1024 * 1024
_SHOWN = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two substances of one library that one technique does not tell apart.

    Parameters
    ----------
    groups, substances : tuple of two str
        In alphabetical order of the groups.
    score : float
        Of their most similar spectra.
    """

    groups: tuple[str, str]
    substances: tuple[str, str]
    score: float


def told(decided: Decision, section: Section, found: Substances) -> Decision:
    """Return a decision that names what the library's own check could not tell from its match.

    Only a reason is added: the decision itself rests on the measured scores and their calibration.
    """
    if decided.state not in (DecisionState.MATCH, DecisionState.MATCH_GROUP) or not found.found:
        return decided
    first = found.found[0]
    others = [
        name
        for name in first.library.inseparable(section).get(first.group, ())
        if name not in decided.substances and name != first.substance
    ]
    if not others:
        return decided
    shown = ", ".join(others[:_SHOWN]) + (
        f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
    )
    reason = (
        f"library {first.library.name}: {section.value} spectra of {first.substance} are as alike "
        f"as replicates to those of {shown}"
    )
    return replace(decided, reasons=(*decided.reasons, reason))


def path_of(version_folder: Path, section: Section) -> Path:
    """Return where the list of a section stands."""
    return version_folder / f"inseparable-{section.value}.json"


def write(
    version_folder: Path, section: Section, content_sha256: str, pairs: Sequence[Pair]
) -> None:
    """Keep the pairs of a section, in place of an earlier list.

    Raises
    ------
    OSError
        The folder cannot be written.
    """
    facts = {
        "schema": _SCHEMA,
        "content_sha256": content_sha256,
        "pairs": [[*each.groups, *each.substances, each.score] for each in pairs],
    }
    path = path_of(version_folder, section)
    fresh = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    with fresh.open("x", encoding="utf-8") as file:
        json.dump(facts, file, ensure_ascii=False, indent=None)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def read(
    version_folder: Path, section: Section, content_sha256: str
) -> Mapping[str, tuple[str, ...]]:
    """Return for each substance group the names of those it cannot be told from.

    Empty where no check was made of this content.
    """
    path = path_of(version_folder, section)
    try:
        if path.stat().st_size > _LARGEST:
            return {}
        said = json.loads(path.read_text(encoding="utf-8"))
        if said["schema"] != _SCHEMA or said["content_sha256"] != content_sha256:
            return {}
        found: dict[str, list[tuple[float, str]]] = defaultdict(list)
        for group, other_group, name, other_name, score in said["pairs"]:
            found[str(group)].append((-float(score), str(other_name)))
            found[str(other_group)].append((-float(score), str(name)))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}
    return {group: tuple(name for _, name in sorted(met)) for group, met in found.items()}
