"""The hazard notice of one answer: from any plausible hit, not only from what was decided.

A second hit and a mere class count: a person opening the bag is warned before identity is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from libraries import hazards

if TYPE_CHECKING:
    from libraries.answer import Hit, LibraryAnswer
    from libraries.hazards import HazardGroup

# Which hits are plausible enough to warn. Not evidence of identity: half a fit in one of the first
# places, or nearly the fit of the best. Below it, noise would raise the alarm until nobody listens.
_FIRST_RANKS = 3
_LEAST_HQI = 0.4
_NEAR_BEST = 0.85


def notice(answer: LibraryAnswer) -> dict[str, Any] | None:
    """Return ``{group, text, because}`` of the most dangerous plausible candidate, or None.

    Considers the hits near the top, the decided substances, and the class of a candidate.
    """
    found = list(_candidates(answer))
    highest = hazards.highest(group for group, _ in found)
    if highest is None:
        return None
    because = next(why for group, why in found if group.group == highest.group)
    return {
        "group": highest.group,
        "text": highest.headline,
        "because": because,
        "acknowledge": highest.is_high,
    }


def gravest(notices: Iterable[Mapping[str, Any] | None]) -> Mapping[str, Any] | None:
    """Return the notice of the most dangerous group among several, the first of equals."""
    there = [each for each in notices if each]
    return min(there, key=lambda each: hazards.GROUPS.index(each["group"]), default=None)


def _candidates(answer: LibraryAnswer) -> Iterator[tuple[HazardGroup, str]]:
    analogue = answer.analogue
    if analogue is not None:
        group = hazards.of_class(str(analogue.get("class", "")))
        if group is not None:
            yield group, f"candidate of the class {analogue['class']}"
    best = answer.hits[0].hqi if answer.hits else 0.0
    for hit in answer.hits:
        plausible = hit.rank <= _FIRST_RANKS or hit.hqi >= _NEAR_BEST * best
        if hit.hqi < _LEAST_HQI or not plausible:
            continue
        group = _of_hit(hit)
        if group is not None:
            yield group, f"hit {hit.rank}, {hit.substance} (fit {hit.hqi:.2f})"


def _of_hit(hit: Hit) -> HazardGroup | None:
    # A deuterated or derivatised form is as dangerous to open as its substance.
    related = hazards.of_name(hit.relation.substance) if hit.relation is not None else None
    named = hazards.of_name(hit.substance) or hazards.of_name(hit.name) or related
    by_class = hazards.of_class(hit.compound_class) if hit.compound_class else None
    return hazards.highest((named, by_class))
