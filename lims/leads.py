"""When a library that is too small to decide points to something all the same. Pure.

Such a library has no error rate of its own, so nothing is named by it. What its best entry reaches
is held against the threshold of the larger libraries that were searched with it: a lead stands out
as few absent substances do there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lims import matching
from spectra.contrast import CONTRAST_SUBSTANCES, fisher_z, statistic

if TYPE_CHECKING:
    from libraries.library import Library

HITS_NEEDED = 1 + CONTRAST_SUBSTANCES
"""The first hit and those it is held against."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Yardstick:
    """The strictest threshold among the calibrated libraries of one technique."""

    library: str
    threshold: float
    alpha: float
    tie_delta_z: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """An entry that stands out, and the yardstick it was held against. Never an identification."""

    name: str
    library: str
    version: str
    hqi: float
    contrast: float
    yardstick: Yardstick

    def __str__(self) -> str:
        """Return it in words that name nothing as found."""
        rule = self.yardstick
        return (
            f"not identified; the nearest entry is now {self.name} of {self.library} "
            f"{self.version} (fit {self.hqi:.3f}), which stands out (contrast {self.contrast:.2f}) "
            f"as at most {rule.alpha:.0%} of absent substances do in {rule.library}; "
            f"{self.library} itself is too small to say how often it errs"
        )


def yardsticks(libraries: Sequence[Library]) -> dict[str, Yardstick]:
    """Return the strictest threshold by technique; nothing where no library is calibrated."""
    found: dict[str, Yardstick] = {}
    for library in libraries:
        for section in library.sections():
            index = library.section(section)
            known = None if index is None else index.calibration
            if known is None or known.threshold is None:
                continue
            rule = Yardstick(
                library=f"{library.name} {library.version}",
                threshold=known.threshold,
                alpha=known.alpha,
                tie_delta_z=known.tie_delta_z,
            )
            before = found.get(section.value)
            if before is None or rule.threshold > before.threshold:
                found[section.value] = rule
    return found


def of_match(match: Mapping[str, Any], rules: Mapping[str, Yardstick]) -> list[Lead]:
    """Return the leads of a match whose hit lists hold at least `HITS_NEEDED` substances.

    Parameters
    ----------
    match : mapping
        A ``results`` entry of ``fol.match/1``.
    rules : mapping of str to Yardstick
        By technique, as ``compared_as`` spells it.
    """
    found = (_lead(answer, rules) for answer in matching.answers(match))
    return sorted((each for each in found if each is not None), key=lambda lead: -lead.contrast)


def _lead(answer: Mapping[str, Any], rules: Mapping[str, Yardstick]) -> Lead | None:
    rule = rules.get(str(answer.get("compared_as", "")))
    # Another form of a substance is no rival of it.
    hits = [hit for hit in answer.get("hits") or () if not hit.get("relation")]
    if rule is None or not hits or not (answer.get("quality") or {}).get("ok"):
        return None
    if (answer.get("decision") or {}).get("state") != "insufficient":
        return None
    first, scores = hits[0], np.array([float(hit["hqi"]) for hit in hits])
    z = fisher_z(scores)
    outside = scores[1:][z[0] - z[1:] > rule.tie_delta_z]
    contrast = statistic(float(scores[0]), outside)
    if not contrast > rule.threshold:
        return None
    return Lead(
        name=str(first["name"]),
        library=str(first["library"]),
        version=str(first["library_version"]),
        hqi=float(first["hqi"]),
        contrast=contrast,
        yardstick=rule,
    )
