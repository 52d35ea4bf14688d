"""``fol instrument``: the lab's instruments, and how the text each of them writes is read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tui.commands import instrument_check
from tui.context import acting, acting_option, json_option, lab_option, opened
from tui.mapping_words import content_of, print_instrument, print_mapping, print_preview
from tui.output import document, line, say, table

if TYPE_CHECKING:
    from instruments.export import Export
    from instruments.mapping_proposal import Choices, Proposal
    from lims.bench_instruments import ConfirmedMapping
    from lims.lab import Lab

KINDS = ("raman", "ftir", "gcms", "gc", "ms", "other")
Command = TypeVar("Command", bound=Callable[..., Any])


@click.group(epilog="Example: fol instrument list")
def instrument() -> None:
    """Instruments of the lab: add, list, show, map, confirm, verify, checks."""


@instrument.command("add", epilog="Example: fol instrument add raman-1 --kind raman --laser-nm 785")
@click.argument("name")
@click.option("--kind", type=click.Choice(KINDS), required=True, help="What it measures.")
@click.option("--maker", default="", help="Who made it.")
@click.option("--model", default="", help="Its model.")
@click.option("--serial", default="", help="Its serial number.")
@click.option("--laser-nm", type=float, help="The laser line, for example 784.9.")
@click.option("--key", default="", help="Idempotency key.")
@acting_option
def add(
    name: str,
    kind: str,
    maker: str,
    model: str,
    serial: str,
    laser_nm: float | None,
    key: str,
    lab_path: str | None,
    person: str | None,
) -> None:
    """Add an instrument to the lab."""
    from lims.bench_instruments import add_instrument
    from spectra.spectrum import Technique

    with opened(lab_path) as lab:
        added = add_instrument(
            lab,
            acting(person),
            name,
            Technique(kind),
            maker=maker,
            model=model,
            serial=serial,
            laser_nm=laser_nm,
            key=key,
        )
    line(f"instrument {added.name}: {added.kind} {added.maker} {added.model}".rstrip())
    say(f"Next, on a text it exported: fol instrument map {added.name} FILE")


@instrument.command("list", epilog="Example: fol instrument list --json")
@lab_option
@json_option
def list_(lab_path: str | None, as_json: bool) -> None:
    """List the instruments and the version of each one's mapping."""
    from lims.bench_instruments import instruments, newest_mapping

    with opened(lab_path) as lab:
        found = [(each, newest_mapping(lab, each.name)) for each in instruments(lab)]
    if as_json:
        rows = [
            {"instrument": each, "mapping_version": new.version if new else 0}
            for each, new in found
        ]
        document("instrument.list", {"instruments": rows})
        return
    table(
        [
            [i.name, i.kind, i.maker, i.model, i.serial, i.laser_nm, f"v{m.version}" if m else "-"]
            for i, m in found
        ],
        ["name", "kind", "maker", "model", "serial", "laser nm", "mapping"],
    )


@instrument.command("show", epilog="Example: fol instrument show raman-1 --json")
@click.argument("name")
@lab_option
@json_option
def show(name: str, lab_path: str | None, as_json: bool) -> None:
    """Show one instrument and every version of its mapping."""
    from lims.bench_instruments import instrument as of_name
    from lims.bench_instruments import mappings

    with opened(lab_path) as lab:
        found, versions = of_name(lab, name), mappings(lab, name)
    if as_json:
        document(
            "instrument.show", {"instrument": found, "mappings": [_version(v) for v in versions]}
        )
        return
    print_instrument(found)
    if not versions:
        say(f"No mapping is confirmed. See one: fol instrument map {found.name} FILE")
    for each in versions:
        line(f"mapping v{each.version}, confirmed by {each.by} on {each.sample_name or 'no file'}")
        if each.origin:
            line(f"  taken over from {each.origin}")
        print_mapping(each.mapping)


def _version(each: ConfirmedMapping) -> dict[str, Any]:
    from instruments.mapping import to_json

    return {
        "version": each.version,
        "mapping": to_json(each.mapping),
        "sample_sha256": each.sample_sha256,
        "sample_name": each.sample_name,
        "origin": each.origin,
        "at": each.at,
        "by": each.by,
    }


def mapping_options(command: Command) -> Command:
    """Let a command take what a person says of a text: signs, columns, units."""
    options = (
        click.option("--delimiter", default="", help="Between columns: tab, blank, ';' or ','."),
        click.option("--decimal", default="", help="Decimal sign: '.' or ','."),
        click.option("--thousands", help="Thousands sign: '.', ',', \"'\", blank or none."),
        click.option("--encoding", default="", help="For example cp1252; else detected."),
        click.option("--columns", default=0, type=click.IntRange(0, 10_000), help="How many."),
        click.option("--x-column", default="", help="Number from 1, or words above it."),
        click.option("--y-column", default="", help="Number from 1, or words above it."),
        click.option("--x-unit", default="", help="cm-1, nm, um, m/z, min, s or pixel."),
        click.option("--y-unit", default="", help="counts, absorbance, %T, ..."),
        click.option("--technique", type=click.Choice(KINDS), help="Else the instrument's kind."),
        click.option("--laser-nm", type=float, help="The laser line; else the header's."),
        click.option("--skip-rows", default=0, type=click.IntRange(0, 100_000), help="At the top."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@instrument.command(
    "map",
    epilog='Example: fol instrument map raman-1 powder.csv --decimal , --x-column "Raman Shift"',
)
@click.argument("name")
@click.argument("file")
@mapping_options
@click.option("--confirm", is_flag=True, help="Record it at once, as `fol instrument confirm`.")
@click.option("--key", default="", help="Idempotency key for --confirm.")
@acting_option
@json_option
def map_(
    name: str,
    file: str,
    confirm: bool,
    key: str,
    lab_path: str | None,
    person: str | None,
    as_json: bool,
    **said: Any,
) -> None:
    """Show how FILE would be read, with what was guessed; records nothing without --confirm."""
    with opened(lab_path) as lab:
        proposal, data, export = _proposed(lab, name, file, said)
        done = _confirmed(lab, name, file, (proposal, data), person, key) if confirm else None
    content = content_of(proposal, export)
    if as_json:
        document("instrument.map", content | {"confirmed_version": done.version if done else 0})
        return
    print_preview(proposal, export, content)
    if done is not None:
        line(f"confirmed as v{done.version} of {done.instrument}, by {done.by}")
    else:
        say(f"Nothing was recorded. If it is right: fol instrument confirm {name} {file} …")


@instrument.command(
    "confirm", epilog="Example: fol instrument confirm raman-1 powder.csv --decimal , --x-unit cm-1"
)
@click.argument("name")
@click.argument("file")
@mapping_options
@click.option("--key", default="", help="Idempotency key.")
@acting_option
def confirm_(
    name: str, file: str, key: str, lab_path: str | None, person: str | None, **said: Any
) -> None:
    """Record, under your name, that this instrument's text is read as `map` shows."""
    with opened(lab_path) as lab:
        proposal, data, export = _proposed(lab, name, file, said)
        done = _confirmed(lab, name, file, (proposal, data), person, key)
    print_preview(proposal, export, content_of(proposal, export))
    line(f"confirmed as v{done.version} of {done.instrument}, by {done.by}")


@instrument.command(
    "export-mapping", epilog="Example: fol instrument export-mapping raman-1 -o raman-1.json"
)
@click.argument("name")
@click.option("--version", type=click.IntRange(1), help="Which version; else the newest.")
@click.option("--output", "-o", type=click.Path(dir_okay=False), help="A file; else stdout.")
@lab_option
def export_mapping(
    name: str, version: int | None, output: str | None, lab_path: str | None
) -> None:
    """Write a confirmed mapping as JSON, so that another lab reads alike."""
    from instruments.mapping import to_json
    from lims.bench_instruments import mappings
    from lims.errors import NotFoundError

    with opened(lab_path) as lab:
        found = [v for v in mappings(lab, name) if version in (None, v.version)]
    if not found:
        raise NotFoundError(
            f"{name} has no confirmed mapping" + (f" v{version}" if version else ""),
            hint=f"Confirm one on a file: fol instrument confirm {name} FILE",
        )
    text = json.dumps(to_json(found[0].mapping), indent=2, ensure_ascii=False) + "\n"
    if output:
        Path(output).write_text(text, encoding="utf-8")
        say(f"{output}: v{found[0].version} of {found[0].instrument}")
    else:
        click.echo(text, nl=False)


@instrument.command(
    "import-mapping",
    epilog="Example: fol instrument import-mapping raman-2 raman-1.json --sample powder.csv",
)
@click.argument("name")
@click.argument("mapping_file")
@click.option("--sample", help="A file of your own instrument, which must read by it.")
@click.option("--key", default="", help="Idempotency key.")
@acting_option
def import_mapping_(
    name: str,
    mapping_file: str,
    sample: str | None,
    key: str,
    lab_path: str | None,
    person: str | None,
) -> None:
    """Take over a mapping another lab confirmed, as a version of your own."""
    from instruments.mapping import JSON_BYTES, from_text
    from lims.bench_instruments import import_mapping

    with Path(mapping_file).open("rb") as stream:
        mapping = from_text(stream.read(JSON_BYTES + 1))
    data = None if sample is None else _sample_bytes(sample)
    with opened(lab_path) as lab:
        done = import_mapping(
            lab,
            acting(person),
            name,
            mapping,
            sample=data,
            file_name=Path(sample).name if sample else "",
            key=key,
        )
    line(f"v{done.version} of {done.instrument}, taken over by {done.by}")


def _proposed(
    lab: Lab, name: str, file: str, said: dict[str, Any]
) -> tuple[Proposal, bytes, Export]:
    """Return what the file and the person's words give; nothing is recorded."""
    from instruments.mapping_proposal import propose
    from instruments.sandbox import read_guarded_bytes
    from lims.bench_instruments import as_read
    from lims.bench_instruments import instrument as of_name
    from spectra.spectrum import Technique

    found = of_name(lab, name)
    data = _sample_bytes(file)
    proposal = propose(
        data,
        Path(file).name,
        _choices(said),
        instrument=found.name,
        technique=None if found.kind is Technique.OTHER else found.kind,
        laser_nm=found.laser_nm,
    )
    export = read_guarded_bytes(data, Path(file).name, mapping=proposal.mapping)
    return proposal, data, as_read(export, found)


def _sample_bytes(file: str) -> bytes:
    from instruments.limits import require_file_size
    from instruments.mapping_proposal import SAMPLE_BYTES

    path = Path(file)
    require_file_size(path.stat().st_size, SAMPLE_BYTES, "a sample of an instrument's text")
    return path.read_bytes()


def _choices(said: dict[str, Any]) -> Choices:
    from instruments.mapping import DELIMITER_WORDS
    from instruments.mapping_proposal import Choices
    from spectra.spectrum import Technique

    delimiter, thousands = str(said.pop("delimiter")), said.pop("thousands")
    technique = said.pop("technique")
    signs = {"blank": " ", "space": " ", "none": "", "dot": ".", "comma": ","}
    return Choices(
        delimiter=DELIMITER_WORDS.get(delimiter, "\t" if delimiter == r"\t" else delimiter),
        thousands=None if thousands is None else signs.get(thousands, thousands),
        technique=Technique(technique) if technique else None,
        **said,
    )


def _confirmed(
    lab: Lab,
    name: str,
    file: str,
    proposed: tuple[Proposal, bytes],
    person: str | None,
    key: str,
) -> ConfirmedMapping:
    from lims.bench_instruments import confirm_mapping

    proposal, data = proposed
    return confirm_mapping(
        lab,
        acting(person),
        name,
        proposal.mapping,
        sample=data,
        file_name=Path(file).name,
        key=key,
    )


instrument.add_command(instrument_check.verify)
instrument.add_command(instrument_check.checks)
instrument.add_command(instrument_check.interval)
