"""Sampling plans of a sample on record: drawn once, tested unit by unit, judged as it stands.

The mathematics is in `lims.sampling_plan` and `lims.net_weight`; here is who, when and why.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from lims import canonical, fields, ids, net_weight, records, sampling_plan
from lims.act import Act
from lims.custody_rules import require_holder
from lims.errors import NotFoundError, RecordError, StateError
from lims.lab import Lab
from lims.net_weight import NetWeight
from lims.sampling_plan import Aim, Method
from lims.workflow import Verb


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """What one unit gave; a later record of the same unit stands in place of the earlier."""

    unit: int
    positive: bool
    net_ug: int | None
    reason: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingPlan:
    """A plan as it stands: what was assumed, which units were drawn, what they gave.

    ``proven`` is the number of positive units proven so far, ``holds`` whether that reaches the
    claim, ``more`` how many further units the negatives met ask for (None: the claim is lost),
    ``weight`` the extrapolated net weight where two units were weighed.
    """

    id: str
    sample: str
    population: int
    counted: str
    look: str
    proportion: str
    alpha: str
    method: Method
    negatives_allowed: int
    units: int
    claimed: int
    seed: str
    algorithm: str
    drawn: tuple[int, ...]
    results: tuple[Unit, ...]
    tested: int
    positives: int
    negatives: int
    proven: int
    holds: bool
    more: int | None
    weight: NetWeight | None
    reason: str
    at: datetime
    by: str

    @property
    def wording(self) -> str:
        """The sentence a report carries; it names no substance."""
        return _wording(self)


def plan(
    lab: Lab,
    actor: str,
    sample: str,
    aim: Aim,
    *,
    counted: str,
    look: str,
    reason: str = "",
    key: str = "",
) -> SamplingPlan:
    """Draw the units of a sample that will be tested.

    Parameters
    ----------
    actor : str
        An analyst who holds the sample.
    aim : Aim
        From `lims.sampling_plan.aim`.
    counted : str
        How the population was counted, for example "by hand, twice".
    look : str
        What the visual check said of its homogeneity, for example "alike in shape and colour".
    reason : str
        Needed where the method proves nothing of untested units.

    Raises
    ------
    RecordError, StateError, CustodyError, PermissionDenied, NotFoundError
    """
    how = fields.line(counted, "how the units were counted", required=True, limit=200)
    seen = fields.line(look, "what the visual check said", required=True, limit=200)
    why = fields.line(reason, "the reason", limit=200)
    if aim.method not in sampling_plan.STATISTICAL and not why:
        raise RecordError(
            f"the method {aim.method} proves nothing of the units that are not tested",
            hint="Say by which rule or order it is used (--reason).",
        )
    units = sampling_plan.units_to_test(aim)
    with lab.writing(actor, key) as act:
        act.allow(Verb.PLAN_SAMPLING)
        first = act.repeated("sampling.planned")
        if first is not None:
            return _plan(act.db, str(first.body["id"]))
        row = records.sample_row(act.db, sample)
        require_holder(act, row, "draw units of")
        number = str(row["number"])
        count = records.value(act.db, "SELECT count(*) FROM sampling_plan WHERE sample=?", number)
        body = {
            "id": ids.child(number, "N", int(count) + 1),
            "sample": number,
            "population": aim.population,
            "counted": how,
            "look": seen,
            "proportion": str(aim.proportion),
            "alpha": str(aim.alpha),
            "method": aim.method.value,
            "negatives": aim.negatives,
            "prior": [str(part) for part in aim.prior],
            "units": units,
            "seed": secrets.token_hex(8),
            "algorithm": sampling_plan.ALGORITHM,
            "reason": why,
        }
        act.append("sampling.planned", body)
        return _plan(act.db, str(body["id"]))


def record_unit(
    lab: Lab,
    actor: str,
    plan_id: str,
    unit: int,
    *,
    positive: bool,
    net_ug: int | None = None,
    reason: str = "",
    key: str = "",
) -> SamplingPlan:
    """Record what a drawn unit gave.

    Parameters
    ----------
    reason : str
        Needed to record a unit a second time; the earlier record stays in the log.

    Raises
    ------
    StateError
        The unit was not drawn.
    RecordError, CustodyError, PermissionDenied, NotFoundError
    """
    mass = fields.micrograms(net_ug, "the unit's net mass")
    why = fields.line(reason, "the reason", limit=200)
    with lab.writing(actor, key) as act:
        found = _of_act(act, plan_id)
        if act.repeated("sampling.unit_recorded") is not None:
            return found
        if unit not in found.drawn:
            raise StateError(
                f"unit {unit} was not drawn by {found.id}",
                hint="The drawn units are " + ", ".join(map(str, found.drawn[:40])) + ".",
            )
        again = any(each.unit == unit for each in found.results)
        if again and not why:
            raise RecordError(
                f"unit {unit} of {found.id} has a result already",
                hint="Say why it is recorded again (--reason); both stay on record.",
            )
        body = {
            "plan": found.id,
            "sample": found.sample,
            "unit": int(unit),
            "positive": bool(positive),
            "net_ug": mass,
            "reason": why,
        }
        act.append("sampling.unit_recorded", body)
        return _plan(act.db, found.id)


def enlarge(lab: Lab, actor: str, plan_id: str, *, key: str = "") -> SamplingPlan:
    """Draw the further units that the negatives met so far ask for.

    Raises
    ------
    StateError
        No further unit is needed, or no number of units can prove the claim any more.
    CustodyError, PermissionDenied, NotFoundError
    """
    with lab.writing(actor, key) as act:
        found = _of_act(act, plan_id)
        if act.repeated("sampling.enlarged") is not None:
            return found
        if found.more is None:
            raise StateError(
                f"{found.id}: with {found.negatives} negative units no more than "
                f"{found.population - found.negatives} of {found.population} can be positive",
                hint=f"What is proven so far stands: {found.proven} units.",
            )
        if found.more == 0:
            raise StateError(f"{found.id} asks for no further unit")
        body = {
            "plan": found.id,
            "sample": found.sample,
            "units": found.units + found.more,
            "negatives": found.negatives,
        }
        act.append("sampling.enlarged", body)
        return _plan(act.db, found.id)


def plans(lab: Lab, sample: str) -> tuple[SamplingPlan, ...]:
    """Return the sampling plans of a sample, oldest first.

    Raises
    ------
    NotFoundError
    """
    number = str(records.sample_row(lab.db, sample)["number"])
    found = records.rows(lab.db, "SELECT id FROM sampling_plan WHERE sample=? ORDER BY seq", number)
    return tuple(_plan(lab.db, str(row["id"])) for row in found)


def _of_act(act: Act, plan_id: str) -> SamplingPlan:
    act.allow(Verb.PLAN_SAMPLING)
    found = _plan(act.db, plan_id)
    require_holder(act, records.sample_row(act.db, found.sample), "test units of")
    return found


def _plan(database: Any, plan_id: str) -> SamplingPlan:
    rows = records.rows(database, "SELECT * FROM sampling_plan WHERE id=?", plan_id.strip())
    if not rows:
        raise NotFoundError(
            f"{fields.visible(plan_id, limit=40)!r} is no sampling plan of this record",
            hint="See `fol sampling show SAMPLE`.",
        )
    row = rows[0]
    latest: dict[int, Unit] = {}
    for each in records.rows(
        database, "SELECT * FROM sampling_unit WHERE plan=? ORDER BY seq", row["id"]
    ):
        latest[int(each["unit"])] = Unit(
            unit=int(each["unit"]),
            positive=bool(each["positive"]),
            net_ug=each["net_ug"],
            reason=str(each["reason"]),
            at=records.moment(str(each["at"])),
            by=str(each["by"]),
        )
    return _as_it_stands(row, tuple(latest.values()))


def _as_it_stands(row: dict[str, Any], results: tuple[Unit, ...]) -> SamplingPlan:
    prior = tuple(float(part) for part in canonical.parsed(str(row["prior"])))
    aim = sampling_plan.aim(
        int(row["population"]),
        proportion=str(row["proportion"]),
        alpha=str(row["alpha"]),
        method=str(row["method"]),
        negatives=int(row["negatives"]),
        prior=(prior[0], prior[1]),
    )
    tested = len(results)
    negatives = sum(not each.positive for each in results)
    proven = sampling_plan.proven(aim, tested, negatives) if tested else 0
    weights = [each.net_ug for each in results if each.net_ug]
    return SamplingPlan(
        id=str(row["id"]),
        sample=str(row["sample"]),
        population=aim.population,
        counted=str(row["counted"]),
        look=str(row["look"]),
        proportion=str(row["proportion"]),
        alpha=str(row["alpha"]),
        method=aim.method,
        negatives_allowed=aim.negatives,
        units=int(row["units"]),
        claimed=aim.claimed,
        seed=str(row["seed"]),
        algorithm=str(row["algorithm"]),
        drawn=sampling_plan.drawn(str(row["seed"]), aim.population, int(row["units"])),
        results=tuple(sorted(results, key=lambda each: each.unit)),
        tested=tested,
        positives=tested - negatives,
        negatives=negatives,
        proven=proven,
        holds=bool(tested) and sampling_plan.proves(aim, tested, negatives),
        more=_more(aim, int(row["units"]), negatives),
        weight=net_weight.extrapolated(
            weights, aim.population, alpha=aim.alpha, proven_units=proven
        )
        if len(weights) > 1
        else None,
        reason=str(row["reason"]),
        at=records.moment(str(row["at"])),
        by=str(row["by"]),
    )


def _more(aim: Aim, units: int, negatives: int) -> int | None:
    """Return how many units beyond the drawn ones so many negatives ask for."""
    if aim.method not in sampling_plan.STATISTICAL or negatives <= aim.negatives:
        return 0
    if negatives > aim.population - aim.claimed:
        return None
    wanted = Aim(
        population=aim.population,
        proportion=aim.proportion,
        alpha=aim.alpha,
        method=aim.method,
        negatives=negatives,
        prior=aim.prior,
    )
    return max(0, sampling_plan.units_to_test(wanted) - units)


def _wording(of: SamplingPlan) -> str:
    confidence = f"{100 * (1 - float(Fraction(of.alpha))):g} %"
    gave = (
        f"{of.tested} of {of.population} units (counted {of.counted}; {of.look}) were taken at "
        f"random and tested, {of.positives} gave the stated result"
    )
    if of.method not in sampling_plan.STATISTICAL:
        return f"{gave}; by the {of.method} method ({of.reason}), nothing is said of the others."
    if not of.tested:
        return f"{of.units} of {of.population} units are drawn; none is tested yet."
    how = f"{of.method} distribution, drawn by {of.algorithm} with seed {of.seed}"
    return (
        f"{gave}; with {confidence} confidence at least {of.proven} of the {of.population} units "
        f"would give it ({how})."
    )
