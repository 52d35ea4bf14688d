"""``fol test``: colour tests and the like, made by hand, seen by a second person."""

from __future__ import annotations

from pathlib import Path

import click

from lims.bench_tests import TECHNIQUES, BenchTest
from tui.context import acting, acting_option, json_option, lab_option, opened
from tui.hand_words import outcome_words
from tui.output import document, line, table


@click.group(epilog="Example: fol test list NOG-26-S000001-D")
def test() -> None:
    """Colour tests, immunoassays and others without an instrument's file: add, review, list."""


@test.command(
    "add",
    epilog="Example: fol test add NOG-26-S000001-D --technique 'colour test' --reagent Scott "
    "--observed 'blue, then pink' --indicates cocaine --positive --controls-passed",
)
@click.argument("sample")
@click.option("--technique", type=click.Choice(TECHNIQUES), required=True)
@click.option("--observed", required=True, help="What was seen, in words.")
@click.option("--indicates", required=True, help="The class or substance the test is for.")
@click.option("--positive/--negative", required=True)
@click.option(
    "--controls-passed/--controls-failed",
    "controls",
    required=True,
    help="Whether positive control and blank behaved; a test without does not count.",
)
@click.option("--reagent", default="")
@click.option("--lot", default="", help="Lot of the reagent.")
@click.option("--portion", default="", help="Id of the portion tested.")
@click.option(
    "--photo", type=click.Path(exists=True, dir_okay=False), help="Picture of the result."
)
@click.option("--key", default="", help="Idempotency key.")
@acting_option
@json_option
def test_add(
    sample: str,
    technique: str,
    observed: str,
    indicates: str,
    positive: bool,
    controls: bool,
    reagent: str,
    lot: str,
    portion: str,
    photo: str | None,
    key: str,
    lab_path: str | None,
    person: str | None,
    as_json: bool,
) -> None:
    """Record a test; it waits for a second person like any finding."""
    from lims.attachments import MAX_BYTES, add_photo
    from lims.bench_tests import record

    if photo and Path(photo).stat().st_size > MAX_BYTES:
        raise click.UsageError(f"{photo}: larger than {MAX_BYTES} bytes")
    with opened(lab_path) as lab:
        who = acting(person)
        picture = (
            add_photo(lab, who, sample, Path(photo).name, Path(photo).read_bytes()) if photo else ""
        )
        made = record(
            lab,
            who,
            sample,
            technique=technique,
            observed=observed,
            indicates=indicates,
            positive=positive,
            controls=controls,
            reagent=reagent,
            lot=lot,
            portion=portion,
            photo=picture,
            key=key,
        )
    _shown(made, "test.add", as_json)


@test.command("review", epilog="Example: fol test review NOG-26-S000001-D.T1 --accept --as okafor")
@click.argument("test_id")
@click.option("--accept/--send-back", required=True)
@click.option("--remark", default="", help="Needed to send back.")
@click.option("--key", default="", help="Idempotency key.")
@acting_option
@json_option
def test_review(
    test_id: str,
    accept: bool,
    remark: str,
    key: str,
    lab_path: str | None,
    person: str | None,
    as_json: bool,
) -> None:
    """Accept a test, or send it back, as second person."""
    from lims.bench_tests import review

    with opened(lab_path) as lab:
        found = review(lab, acting(person), test_id, accept=accept, remark=remark, key=key)
    _shown(found, "test.review", as_json)


@test.command("list", epilog="Example: fol test list NOG-26-S000001-D --json")
@click.argument("sample")
@lab_option
@json_option
def test_list(sample: str, lab_path: str | None, as_json: bool) -> None:
    """List the tests of a sample."""
    from lims.bench_tests import tests
    from lims.queries import sample_record

    with opened(lab_path) as lab:
        found = tests(lab.db, sample_record(lab, sample).sample.number)
    if as_json:
        document("test.list", {"tests": found})
        return
    table(
        [
            [t.id, t.technique, t.reagent, t.observed, outcome_words(t), t.indicates, t.state]
            for t in found
        ],
        ["test", "technique", "reagent", "observed", "outcome", "for", "state"],
    )


def _shown(test: BenchTest, schema: str, as_json: bool) -> None:
    if as_json:
        document(schema, {"test": test})
        return
    line(f"{test.id}: {test.technique} for {test.indicates}: {outcome_words(test)}, {test.state}")
