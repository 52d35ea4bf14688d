"""``fol sampling``: how many of a sample's units are tested, which, and what they prove."""

from __future__ import annotations

import click

from lims.sampling import SamplingPlan
from lims.sampling_plan import Method
from tui.context import acting, acting_option, json_option, lab_option, opened
from tui.hand_words import plan_lines
from tui.output import document, line


@click.group(epilog="Example: fol sampling show NOG-26-S000001-D")
def sampling() -> None:
    """Sampling plans of samples with many units: plan, unit, enlarge, show."""


@sampling.command(
    "plan",
    epilog="Example: fol sampling plan NOG-26-S000001-D --population 120 --counted 'by hand, twice'"
    " --look 'alike in shape and colour'",
)
@click.argument("sample")
@click.option("--population", type=int, required=True, help="How many units there are.")
@click.option("--counted", required=True, help="How they were counted.")
@click.option("--look", required=True, help="What the visual check said.")
@click.option("--proportion", default="0.9", show_default=True, help="Of positive units claimed.")
@click.option("--alpha", default="0.05", show_default=True, help="Risk of a false claim.")
@click.option(
    "--method",
    type=click.Choice([method.value for method in Method]),
    default=Method.HYPERGEOMETRIC.value,
    show_default=True,
)
@click.option("--negatives", default=0, show_default=True, help="Negative units allowed for.")
@click.option("--prior", type=(float, float), default=(1.0, 1.0), help="Beta prior of bayes.")
@click.option("--reason", default="", help="Needed for square root and single unit.")
@click.option("--key", default="", help="Idempotency key.")
@acting_option
@json_option
def sampling_plan(
    sample: str,
    population: int,
    counted: str,
    look: str,
    proportion: str,
    alpha: str,
    method: str,
    negatives: int,
    prior: tuple[float, float],
    reason: str,
    key: str,
    lab_path: str | None,
    person: str | None,
    as_json: bool,
) -> None:
    """Find how many units to test and draw them; number the units from 1 as they were counted."""
    from lims.sampling import plan
    from lims.sampling_plan import aim

    wanted = aim(
        population,
        proportion=proportion,
        alpha=alpha,
        method=method,
        negatives=negatives,
        prior=prior,
    )
    with opened(lab_path) as lab:
        made = plan(
            lab, acting(person), sample, wanted, counted=counted, look=look, reason=reason, key=key
        )
    _shown(made, "sampling.plan", as_json)


@sampling.command(
    "unit", epilog="Example: fol sampling unit NOG-26-S000001-D.N1 17 --positive --net '102 mg'"
)
@click.argument("plan_id")
@click.argument("unit", type=int)
@click.option("--positive/--negative", required=True, help="Whether it gave the stated result.")
@click.option("--net", default="", help='Net mass as read: "102 mg".')
@click.option("--reason", default="", help="Needed to record a unit again.")
@click.option("--key", default="", help="Idempotency key.")
@acting_option
@json_option
def sampling_unit(
    plan_id: str,
    unit: int,
    positive: bool,
    net: str,
    reason: str,
    key: str,
    lab_path: str | None,
    person: str | None,
    as_json: bool,
) -> None:
    """Record what a drawn unit gave."""
    from lims.declared import parse_mass
    from lims.sampling import record_unit

    mass = parse_mass(net) if net else None
    with opened(lab_path) as lab:
        found = record_unit(
            lab,
            acting(person),
            plan_id,
            unit,
            positive=positive,
            net_ug=mass,
            reason=reason,
            key=key,
        )
    _shown(found, "sampling.unit", as_json)


@sampling.command("enlarge", epilog="Example: fol sampling enlarge NOG-26-S000001-D.N1")
@click.argument("plan_id")
@click.option("--key", default="", help="Idempotency key.")
@acting_option
@json_option
def sampling_enlarge(
    plan_id: str, key: str, lab_path: str | None, person: str | None, as_json: bool
) -> None:
    """Draw the further units that the negatives met ask for."""
    from lims.sampling import enlarge

    with opened(lab_path) as lab:
        found = enlarge(lab, acting(person), plan_id, key=key)
    _shown(found, "sampling.enlarge", as_json)


@sampling.command("show", epilog="Example: fol sampling show NOG-26-S000001-D --json")
@click.argument("sample")
@lab_option
@json_option
def sampling_show(sample: str, lab_path: str | None, as_json: bool) -> None:
    """Show a sample's plans and what is proven so far."""
    from lims.sampling import plans

    with opened(lab_path) as lab:
        found = plans(lab, sample)
    if as_json:
        document("sampling.show", {"plans": [_content(each) for each in found]})
        return
    if not found:
        line("no sampling plan")
    for each in found:
        _shown(each, "", as_json=False)


def _content(plan: SamplingPlan) -> dict[str, object]:
    names = SamplingPlan.__dataclass_fields__
    return {**{name: getattr(plan, name) for name in names}, "wording": plan.wording}


def _shown(plan: SamplingPlan, schema: str, as_json: bool) -> None:
    if as_json:
        document(schema, {"plan": _content(plan)})
        return
    for said in plan_lines(plan):
        line(said)
