"""What commands and screens say of tests by hand and sampling plans: one wording for both."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lims.bench_tests import BenchTest
    from lims.sampling import SamplingPlan


def outcome_words(test: BenchTest) -> str:
    """Return what a test gave, and whether its controls behaved."""
    outcome = "positive" if test.positive else "negative"
    return outcome if test.controls else f"{outcome}, controls failed"


def waiting_units(plan: SamplingPlan) -> list[int]:
    """Return the drawn units that have no result yet, in order."""
    return sorted(set(plan.drawn) - {each.unit for each in plan.results})


def standing_words(plan: SamplingPlan) -> str:
    """Return how far a plan is, in a few words."""
    waiting = len(waiting_units(plan))
    said = f"{plan.tested} of {plan.units} tested, {plan.negatives} negative"
    if plan.more is None:
        return f"{said}; the claim cannot hold"
    if plan.more:
        return f"{said}; draw {plan.more} more"
    if waiting:
        return f"{said}; {waiting} to test"
    return f"{said}; {'proven' if plan.holds else 'not proven'}"


def plan_lines(plan: SamplingPlan) -> list[str]:
    """Return a plan as lines: how many, which are still to test, what is proven, the weight."""
    lines = [f"{plan.id}: {plan.method}, {plan.units} of {plan.population} units"]
    waiting = waiting_units(plan)
    if waiting:
        lines.append("  to test: " + ", ".join(map(str, waiting)))
    lines.append(f"  {plan.wording}")
    if plan.more:
        lines.append(f"  {plan.negatives} negative: draw {plan.more} more (`fol sampling enlarge`)")
    elif plan.more is None:
        lost = f"the claim of {plan.claimed} units can no longer hold"
        lines.append(f"  {plan.negatives} negative: {lost}")
    if plan.weight is not None:
        total, half = plan.weight.total_ug / 1e6, plan.weight.half_width_ug / 1e6
        enough = "" if plan.weight.enough else "; the units differ by 10 % or more: weigh more"
        lines.append(f"  net weight of all {plan.population}: {total:.3f} ± {half:.3f} g{enough}")
    return lines
