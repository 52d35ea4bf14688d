"""``fol sample``: what was submitted, who holds it, what was taken from it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from lims.model import Lane, SampleDraft
from tui.commands import sample_away, sample_hands, sample_matter, sample_paper, turnaround
from tui.context import acting, acting_option, json_option, lab_option, opened
from tui.output import document, line, say, table
from tui.sample_args import acted, mass_ug, step_in_words
from tui.shipment_csv import drafts_from_csv


@click.group(
    epilog="Example: fol sample add --shipment NOG-26-P000001-R --description 'white powder'"
)
def sample() -> None:
    """Samples: from intake and custody to labels, receipts, and the end of the evidence."""


@sample.command(
    "add", epilog="Example: fol sample add --shipment NOG-26-P000001-R --description 'jar, powder'"
)
@click.option("--shipment", "shipment_number", required=True, help="The shipment it came from.")
@click.option("--description", required=True, help="What was submitted.")
@click.option("--form", default="", help="powder, tablet, liquid …")
@click.option("--gross", default="", help='Gross weight as read: "12.345 g".')
@click.option("--seal", default="", help="Seal number.")
@click.option("--officer", default="", help="Id of the submitting officer; else who acts.")
@click.option("--field-tool", default="", help="What the field tool was.")
@click.option("--field-result", default="", help="What it said; 'no match' is a result.")
@click.option("--lane", type=click.Choice([lane.value for lane in Lane]), default="quick")
@click.option(
    "--request",
    type=click.Choice(["drug", "hs_claim", "pesticide", "wildlife_powder", "waste"]),
    default="drug",
    show_default=True,
    help="What is asked of the lab.",
)
@click.option("--count", default=1, show_default=True, type=click.IntRange(1, 500), help="Batch.")
@click.option("--key", default="", help="Idempotency key.")
@acting_option
@json_option
def sample_add(
    shipment_number: str,
    description: str,
    form: str,
    gross: str,
    seal: str,
    officer: str,
    field_tool: str,
    field_result: str,
    lane: str,
    request: str,
    count: int,
    key: str,
    lab_path: str | None,
    person: str | None,
    as_json: bool,
) -> None:
    """Register what an officer submits; prints its number."""
    from lims.intake import add_sample

    draft = SampleDraft(
        description=description,
        form=form,
        gross_ug=mass_ug(gross),
        seal=seal,
        officer=officer,
        field_tool=field_tool,
        field_result=field_result,
        lane=Lane(lane),
        request=request,
    )
    with opened(lab_path) as lab:
        draft = replace(draft, officer=officer or acting(person))
        added = [
            add_sample(lab, acting(person), shipment_number, draft, key=f"{key}.{i}" if key else "")
            for i in range(count)
        ]
    if as_json:
        document("sample.add", {"samples": added})
        return
    for item in added:
        line(item.number)


@sample.command("list", epilog="Example: fol sample list --find powder")
@click.option("--find", default="", help="Words of number, description or declared goods.")
@click.option("--limit", default=200, show_default=True, type=click.IntRange(1, 100_000))
@lab_option
@json_option
def sample_list(find: str, limit: int, lab_path: str | None, as_json: bool) -> None:
    """List samples in the order of the queue."""
    from lims.queries import work_page

    with opened(lab_path) as lab:
        rows = work_page(lab, 0, limit, find=find)
    if as_json:
        document("sample.list", {"samples": rows})
        return
    table(
        [[r.sample, r.description, r.lane, r.state, r.holder, r.status, r.answer] for r in rows],
        ["sample", "description", "lane", "state", "holder", "status", "answer"],
    )


@sample.command("show", epilog="Example: fol sample show NOG-26-S000001-D --json")
@click.argument("number")
@lab_option
@json_option
def sample_show(number: str, lab_path: str | None, as_json: bool) -> None:
    """Show one sample: hazard first, then custody, runs, findings, conclusion."""
    from lims.case_queries import cases_of
    from lims.other_labs import of_sample
    from lims.queries import remarks, sample_record

    with opened(lab_path) as lab:
        record = sample_record(lab, number)
        notes = remarks(lab, record.sample.number)
        away = of_sample(lab, record.sample.number)
        cases = cases_of(lab, record.sample.number)
    if as_json:
        said = [{"at": at, "by": by, "text": text} for at, by, text in notes]
        document(
            "sample.show", {"record": record, "remarks": said, "other_labs": away, "cases": cases}
        )
        return
    for alert in record.alerts:
        seen = f"seen by {alert.acknowledged_by}" if alert.acknowledged_by else "NOT SEEN YET"
        line(f"ALERT {alert.headline} ({alert.where}): {seen}")
    item = record.sample
    line(f"{item.number}: {item.draft.description}, {item.state}, held by {item.holder}")
    line(f"  from {record.shipment.number}, declared {record.shipment.draft.declared_goods}")
    for note in record.shipment.notes:
        line(f"  note: {note}")
    for step in record.custody:
        line(f"  {step_in_words(step)}")
    for run in record.runs:
        line(f"  run {run.id}: {run.technique}, {run.file_name}, {run.raw_sha256[:12]}")
    waiting = any(a.kind == "hazard" and not a.acknowledged_by for a in record.alerts)
    for finding in record.findings:
        shown = "acknowledge the hazard notice first" if waiting else finding.headline
        line(f"  finding {finding.id}: {finding.state}: {shown}")
    if item.conclusion is not None and not waiting:
        line(f"  {item.conclusion.level}: {item.conclusion.text}")
        for limit in item.conclusion.limitations:
            line(f"    beside it: {limit}")
    for each in away if not waiting else ():
        line(f"  beside it, {each.to_lab}: {sample_away.in_words(each)}")
    for found in cases:
        line(f"  case {found.number}: {found.title}, {found.state}")
        for outcome in found.outcomes:
            line(f"    {outcome.kind}: {outcome.text}")
    for at, by, text in notes:
        line(f"  {at:%Y-%m-%d %H:%M} {by}: {text}")


@sample.command("batch", epilog="Example: fol sample batch --from-csv ten.csv --officer haddad")
@click.option("--from-csv", type=click.Path(exists=True, dir_okay=False), required=True)
@click.option("--description", default="parcel contents", show_default=True)
@click.option("--officer", default="", help="Id of the submitting officer; else who acts.")
@click.option("--lane", type=click.Choice([lane.value for lane in Lane]), default="quick")
@click.option("--key", default="", help="Idempotency key.")
@acting_option
@json_option
def sample_batch(
    from_csv: str,
    description: str,
    officer: str,
    lane: str,
    key: str,
    lab_path: str | None,
    person: str | None,
    as_json: bool,
) -> None:
    """Register one parcel with one sample per row of a CSV table: all of them, or none."""
    from lims.intake import add_batch

    shipments = drafts_from_csv(Path(from_csv))
    with opened(lab_path) as lab:
        officer = officer or acting(person)
        draft = SampleDraft(description=description, officer=officer, lane=Lane(lane))
        parcels = [(shipment, draft) for shipment in shipments]
        added = add_batch(lab, acting(person), parcels, key=key)
    if as_json:
        document("sample.batch", {"samples": added})
        return
    for item in added:
        line(f"{item.number} of {item.shipment}")
    say(f"{len(added)} of {len(parcels)}")


@sample.command("weigh", epilog="Example: fol sample weigh NOG-26-S000001-D --gross '11.9 g'")
@click.argument("number")
@click.option("--gross", required=True, help='As read from the balance: "11.9 g".')
@click.option("--reason", default="")
@acting_option
def sample_weigh(
    number: str, gross: str, reason: str, lab_path: str | None, person: str | None
) -> None:
    """Record a gross mass as read now by the holder."""
    from lims.custody import weigh

    with opened(lab_path) as lab:
        acted(weigh(lab, acting(person), number, gross_ug=mass_ug(gross) or 0, reason=reason))


@sample.command(
    "note", epilog="Example: fol sample note NOG-26-S000001-D 'bag was torn at one corner'"
)
@click.argument("number")
@click.argument("text")
@acting_option
def sample_note(number: str, text: str, lab_path: str | None, person: str | None) -> None:
    """Add a dated, signed remark; it cannot be changed afterwards."""
    from lims.intake import add_note

    with opened(lab_path) as lab:
        add_note(lab, acting(person), number, text)
        line(f"note added to {number}")


@sample.command("photo", epilog="Example: fol sample photo NOG-26-S000001-D jar.jpg")
@click.argument("number")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@acting_option
def sample_photo(number: str, file: str, lab_path: str | None, person: str | None) -> None:
    """Keep a photograph's original bytes by their hash; prints the hash."""
    from lims.attachments import MAX_BYTES, add_photo

    path = Path(file)
    if path.stat().st_size > MAX_BYTES:
        raise click.UsageError(f"{file}: larger than {MAX_BYTES} bytes")
    with opened(lab_path) as lab:
        line(add_photo(lab, acting(person), number, path.name, path.read_bytes()))


@sample.command(
    "resolve", epilog="Example: fol sample resolve NOG-26-S000001-D --reason 'seal misread'"
)
@click.argument("number")
@click.option("--reason", required=True, help="What was found out; kept in the log.")
@click.option("--seal", default=None, help="The seal that is on it, when the record has another.")
@acting_option
def sample_resolve(
    number: str, reason: str, seal: str | None, lab_path: str | None, person: str | None
) -> None:
    """Let work on a frozen sample go on; not by the person who met the discrepancy."""
    from lims.custody import resolve_discrepancy

    with opened(lab_path) as lab:
        acted(resolve_discrepancy(lab, acting(person), number, reason=reason, seal=seal))


@sample.command("open", epilog="Example: fol sample open NOG-26-S000001-D --seal A1")
@click.argument("number")
@click.option("--seal", default="", help="The seal that is broken.")
@click.option("--witness", default="")
@acting_option
def sample_open(
    number: str, seal: str, witness: str, lab_path: str | None, person: str | None
) -> None:
    """Break the seal; only the holder may."""
    from lims.custody import open_sample

    with opened(lab_path) as lab:
        acted(open_sample(lab, acting(person), number, seal=seal, witness=witness))


@sample.command(
    "seal", epilog="Example: fol sample seal NOG-26-S000001-D --seal A2 --gross '11.9 g'"
)
@click.argument("number")
@click.option("--seal", required=True, help="The new seal.")
@click.option("--gross", default="", help='Gross weight after: "11.9 g".')
@acting_option
def sample_seal(
    number: str, seal: str, gross: str, lab_path: str | None, person: str | None
) -> None:
    """Close the sample under a new seal."""
    from lims.custody import reseal

    with opened(lab_path) as lab:
        acted(
            reseal(
                lab,
                acting(person),
                number,
                seal=seal,
                gross_ug=mass_ug(gross),
            )
        )


@sample.command(
    "portion",
    epilog="Example: fol sample portion NOG-26-S000001-D --kind extract --solvent methanol",
)
@click.argument("number")
@click.option("--kind", type=click.Choice(["neat", "extract"]), default="neat", show_default=True)
@click.option("--solvent", "solvents", multiple=True)
@acting_option
def sample_portion(
    number: str, kind: str, solvents: tuple[str, ...], lab_path: str | None, person: str | None
) -> None:
    """Prepare a portion: neat, or an extract with its solvents; prints its id."""
    from lims.intake import add_portion

    with opened(lab_path) as lab:
        line(add_portion(lab, acting(person), number, kind, solvents).id)


for _command in (
    *sample_hands.COMMANDS,
    *sample_matter.COMMANDS,
    *sample_paper.COMMANDS,
    *sample_away.COMMANDS,
    *turnaround.COMMANDS,
):
    sample.add_command(_command)
