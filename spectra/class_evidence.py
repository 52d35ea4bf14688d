"""Which class of substances the evidence of one spectrum puts first, and by how much.

The nearest reference of each class, compared with a mass shift, and what a model learned of the
class's ions meet on one scale. Knows no class by name; the classes come with the hits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from spectra.analogue_facts import ReferenceHit
from spectra.class_ions import IonRule

HANDICAP = 0.15
"""Taken off what is outside every class: of a library most is, so chance finds its best hit there.

Chosen on 1,300 drug spectra with their formula hidden; on either half of the formulas macro-F1 was
the same within 0.02.
"""

HANDICAP_MASS_UNKNOWN = 0.05
"""The same where no mass is known: one of twenty shifts fits a class by chance more easily."""

MODEL_WEIGHT = 0.25
"""What a class model's vote is worth on the scale of the hybrid score, chosen likewise.

Only with a measured mass: losses from a mass that the class itself implies fit too easily.
"""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClassScore:
    """One class and what speaks for it.

    Parameters
    ----------
    label : str
        As the library writes it, lower case.
    labels : frozenset of str
        Everything that is this class.
    rule : IonRule or None
    leader : ReferenceHit
        The class's nearest member.
    score : float
        Hybrid score of the leader and the weighted vote together.
    vote : float or None
        Of the class model, about −1 to 1; None where there is no model.
    """

    label: str
    labels: frozenset[str]
    rule: IonRule | None
    leader: ReferenceHit
    score: float
    vote: float | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ranking:
    """Classes, best first, and the score of what is outside all of them, handicap taken off."""

    classes: tuple[ClassScore, ...]
    outside: float
    handicap: float

    @property
    def first(self) -> ClassScore | None:
        """The class in front, None where what is outside is."""
        if not self.classes or self.classes[0].score <= self.outside:
            return None
        return self.classes[0]

    @property
    def lead(self) -> float:
        """How far the first class is ahead of the next that is no kin of it."""
        if not self.classes:
            return 0.0
        first, *others = self.classes
        kin = frozenset() if first.rule is None else first.rule.kin
        rivals = (each.score for each in others if not each.labels <= kin)
        return first.score - max(rivals, default=0.0)

    @property
    def ahead_of_outside(self) -> float:
        """How far the first class is ahead of what is outside every class, without handicap."""
        return self.classes[0].score - self.outside - self.handicap if self.classes else 0.0


def rank(
    hits: Sequence[ReferenceHit],
    rules: Sequence[IonRule],
    by_role: frozenset[str] = frozenset(),
    votes: Mapping[str, float] | None = None,
    handicap: float = HANDICAP,
) -> Ranking:
    """Return the classes of hits in the order of their evidence.

    Parameters
    ----------
    hits : sequence of ReferenceHit
        Best first, each with the shift its score rests on.
    rules : sequence of IonRule
        They say which labels are one class, and which labels are no rival of it.
    by_role : frozenset of str
        Labels that are no class.
    votes : mapping of str to float, optional
        Class label to the vote of its model.
    handicap : float
        Taken off the best hit outside every class.
    """
    said = votes or {}
    by_label = {label: rule for rule in rules for label in rule.labels}
    found: dict[frozenset[str], ClassScore] = {}
    for hit in hits:
        label = (hit.class_name or "").lower()
        if not label or label in by_role:
            continue
        rule = by_label.get(label)
        labels = rule.labels if rule is not None else frozenset({label})
        if labels not in found:
            vote = max((said[each] for each in labels if each in said), default=None)
            found[labels] = ClassScore(
                label=label,
                labels=labels,
                rule=rule,
                leader=hit,
                score=float(hit.score) + MODEL_WEIGHT * (vote or 0.0),
                vote=vote,
            )
    ranked = tuple(sorted(found.values(), key=lambda each: -each.score))
    kin = ranked[0].rule.kin if ranked and ranked[0].rule is not None else frozenset()
    strangers = (
        float(hit.score)
        for hit in hits
        if not hit.class_name or (hit.class_name.lower() in by_role - kin)
    )
    outside = max(strangers, default=0.0) - handicap
    return Ranking(classes=ranked, outside=outside, handicap=handicap)
