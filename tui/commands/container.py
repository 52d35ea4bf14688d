"""``fol container``: boxes and bags of samples that move as one."""

from __future__ import annotations

import click

from tui.context import acting, acting_option, json_option, lab_option, opened
from tui.output import document, line, table
from tui.sample_args import both_options, confirmations_of


@click.group(epilog="Example: fol container add 'evidence box, grey'")
def container() -> None:
    """Containers: add, put, take, seal, open, move, resolve, list, show."""


@container.command("add", epilog="Example: fol container add 'evidence box, grey'")
@click.argument("description")
@click.option("--key", default="", help="Idempotency key.")
@acting_option
def add(description: str, key: str, lab_path: str | None, person: str | None) -> None:
    """Register an empty container, which you hold; prints its number."""
    from lims.containers import make

    with opened(lab_path) as lab:
        line(make(lab, acting(person), description, key=key).number)


@container.command("put", epilog="Example: fol container put NOG-26-C000001-6 NOG-26-S000001-D")
@click.argument("number")
@click.argument("samples", nargs=-1, required=True)
@acting_option
def put_(number: str, samples: tuple[str, ...], lab_path: str | None, person: str | None) -> None:
    """Put samples you hold into an open container you hold."""
    from lims.containers import put

    with opened(lab_path) as lab:
        for sample in samples:
            found = put(lab, acting(person), number, sample)
            line(f"{sample} in {found.number}: {len(found.contents)} inside")


@container.command("take", epilog="Example: fol container take NOG-26-S000001-D")
@click.argument("sample")
@acting_option
def take(sample: str, lab_path: str | None, person: str | None) -> None:
    """Take a sample out of its open container."""
    from lims.containers import take_out

    with opened(lab_path) as lab:
        found = take_out(lab, acting(person), sample)
    line(f"{found.number}: {len(found.contents)} inside")


@container.command("seal", epilog="Example: fol container seal NOG-26-C000001-6 --seal FB000102")
@click.argument("number")
@click.option("--seal", "new", required=True, help="The new seal.")
@acting_option
def seal_(number: str, new: str, lab_path: str | None, person: str | None) -> None:
    """Close a container under a new seal."""
    from lims.containers import seal

    with opened(lab_path) as lab:
        line(f"{seal(lab, acting(person), number, new).number}: sealed")


@container.command("open", epilog="Example: fol container open NOG-26-C000001-6 --seal FB000102")
@click.argument("number")
@click.option("--seal", "read", required=True, help="The seal as it reads before it is broken.")
@acting_option
def open_(number: str, read: str, lab_path: str | None, person: str | None) -> None:
    """Break a container's seal."""
    from lims.containers import unseal

    with opened(lab_path) as lab:
        line(f"{unseal(lab, acting(person), number, read).number}: open")


@container.command(
    "move",
    epilog="Example: fol container move NOG-26-C000001-6 --to place:safe --seal FB000102",
)
@click.argument("number")
@click.option("--to", "taker", required=True, help="Person id, or place:NAME.")
@click.option("--from", "giver", default="", help="Who gives; else who holds it now.")
@click.option("--seal", default="", help="The container's seal as it reads.")
@click.option("--witness", default="")
@click.option("--reason", default="")
@click.option("--key", default="", help="Idempotency key.")
@both_options
@acting_option
def move_(
    number: str,
    taker: str,
    giver: str,
    seal: str,
    witness: str,
    reason: str,
    key: str,
    confirm: tuple[str, ...],
    on_behalf: bool,
    lab_path: str | None,
    person: str | None,
) -> None:
    """Hand a container over with everything in it; both sides confirm."""
    from lims import containers

    with opened(lab_path) as lab:
        found = containers.move(
            lab,
            number,
            giver=giver or containers.container(lab, number).holder,
            taker=taker,
            actor=acting(person),
            seal=seal,
            witness=witness,
            reason=reason,
            confirmed=confirmations_of(confirm),
            on_behalf=on_behalf,
            key=key,
        )
    line(f"{found.number}: held by {found.holder}, with {len(found.contents)} samples")


@container.command(
    "resolve", epilog="Example: fol container resolve NOG-26-C000001-6 --reason 'misread'"
)
@click.argument("number")
@click.option("--reason", required=True)
@click.option("--seal", default=None, help="The seal that is on it, when the record has another.")
@acting_option
def resolve_(
    number: str, reason: str, seal: str | None, lab_path: str | None, person: str | None
) -> None:
    """Let a frozen container move again; not by the person who met the discrepancy."""
    from lims.containers import resolve

    with opened(lab_path) as lab:
        found = resolve(lab, acting(person), number, reason=reason, seal=seal)
    line(f"{found.number}: held by {found.holder}")


@container.command("list", epilog="Example: fol container list --json")
@lab_option
@json_option
def list_(lab_path: str | None, as_json: bool) -> None:
    """List the containers."""
    from lims.containers import containers

    with opened(lab_path) as lab:
        found = containers(lab)
    if as_json:
        document("container.list", {"containers": found})
        return
    table(
        [
            [c.number, c.description, c.holder, "sealed" if c.seal else "open", len(c.contents)]
            for c in found
        ],
        ["container", "description", "holder", "state", "inside"],
    )


@container.command("show", epilog="Example: fol container show NOG-26-C000001-6 --json")
@click.argument("number")
@lab_option
@json_option
def show(number: str, lab_path: str | None, as_json: bool) -> None:
    """Show a container, what is in it, and what happened to it."""
    from lims import containers

    with opened(lab_path) as lab:
        found, steps = containers.container(lab, number), containers.steps(lab, number)
    if as_json:
        document("container.show", {"container": found, "steps": steps})
        return
    frozen = ", FROZEN" if found.frozen else ""
    state = "sealed" if found.seal else "open"
    line(f"{found.number}: {found.description}, {state}, held by {found.holder}{frozen}")
    for sample in found.contents:
        line(f"  inside: {sample}")
    for step in steps:
        marked = " RECORDED ON THEIR BEHALF" if step.on_behalf else ""
        line(
            f"  {step.at:%Y-%m-%d %H:%M} {step.kind} {step.sample}: {step.giver} -> {step.taker}"
            f"{marked} {step.reason}".rstrip()
        )
