"""Tests without an instrument's file (colour, immunoassay, thin layer …): recorded and reviewed.

They never name a substance: what they indicate is a class, or that a named substance agrees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lims import fields, ids, records, rules
from lims.act import Act
from lims.custody_rules import require_holder
from lims.errors import NotFoundError, PermissionDenied, RecordError, StateError
from lims.lab import Lab
from lims.model import FindingState
from lims.workflow import Verb

TECHNIQUES = (
    "colour test",
    "fluorescence",
    "immunoassay",
    "melting point",
    "pharmaceutical identifier",
    "microcrystalline test",
    "thin-layer chromatography",
    "ultraviolet spectrum",
)
"""What a person may record by hand; anything else comes from an instrument's file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchTest:
    """One test as recorded.

    ``indicates`` is a class or a substance of the substances table; ``controls`` whether the
    positive control and the blank of the day behaved; ``raw_sha256`` of the photograph.
    """

    id: str
    sample: str
    portion: str
    technique: str
    reagent: str
    lot: str
    observed: str
    indicates: str
    positive: bool
    controls: bool
    raw_sha256: str
    state: FindingState
    by: str
    at: datetime
    reviewer: str = ""
    remark: str = ""

    def covers(self, substance: str) -> bool:
        """Whether what the test indicates includes a substance."""
        from libraries import substances

        known = substances.table().find(substance)
        names = {substance.casefold()}
        if known is not None:
            names |= {known.name.casefold(), known.class_name.casefold()}
        return self.indicates.casefold() in names


def record(
    lab: Lab,
    actor: str,
    sample: str,
    *,
    technique: str,
    observed: str,
    indicates: str,
    positive: bool,
    controls: bool,
    reagent: str = "",
    lot: str = "",
    portion: str = "",
    photo: str = "",
    key: str = "",
) -> BenchTest:
    """Record a test of a sample.

    Parameters
    ----------
    actor : str
        An analyst who holds the sample.
    technique : str
        One of `TECHNIQUES`.
    indicates : str
        The class or substance the test is for; of a negative test, what it speaks against.
    controls : bool
        Whether positive control and blank behaved; a test without does not count.
    photo : str
        SHA-256 of a photograph of the sample that is on record; needed for techniques of category
        B, whose data must be open to review.

    Raises
    ------
    RecordError, CustodyError, NotFoundError, PermissionDenied
    """
    body = _body(technique, observed, indicates, reagent, lot)
    counted = rules.current().technique[technique]
    if counted.category == "B" and not photo:
        raise RecordError(
            f"a {technique} needs a photograph or scan that a second person can look at",
            hint="Give the picture with --photo.",
        )
    with lab.writing(actor, key) as act:
        act.allow(Verb.RECORD_RUN)
        first = act.repeated("test.recorded")
        if first is not None:
            return test(act.db, str(first.body["id"]))
        row = records.sample_row(act.db, sample)
        number = str(row["number"])
        require_holder(act, row, "test")
        _require_portion(act, number, portion)
        count = int(records.value(act.db, "SELECT count(*) FROM bench_test WHERE sample=?", number))
        test_id = ids.child(number, "T", count + 1)
        act.append(
            "test.recorded",
            {
                **body,
                "id": test_id,
                "sample": number,
                "portion": portion,
                "positive": bool(positive),
                "controls": bool(controls),
                "raw_sha256": _photographed(act, number, photo),
            },
        )
        return test(act.db, test_id)


def review(
    lab: Lab, actor: str, test_id: str, *, accept: bool, remark: str = "", key: str = ""
) -> BenchTest:
    """Accept a test or send it back, as a second person.

    Raises
    ------
    PermissionDenied
        Not a reviewer, or the one who made the test or recorded a run of the sample.
    StateError, NotFoundError, RecordError
    """
    said = fields.paragraph(remark, "the remark")
    if not accept and not said:
        raise RecordError("a test is sent back with a reason", hint="Say what is wrong (--remark).")
    with lab.writing(actor, key) as act:
        act.allow(Verb.REVIEW_FINDING)
        found = test(act.db, test_id)
        if act.repeated("test.reviewed") is not None:
            return found
        hand = act.db.execute(
            "SELECT 1 FROM run WHERE sample=? AND by=?", [found.sample, act.person.id]
        ).fetchone()
        if found.by == act.person.id or hand is not None:
            raise PermissionDenied(
                f"{act.person.name} worked on {found.sample} and may not review its tests",
                hint="Somebody who did not work on this sample reviews.",
            )
        if found.state is not FindingState.SUBMITTED:
            raise StateError(f"{found.id} is {found.state} already, by {found.reviewer}")
        body = {"test": found.id, "sample": found.sample, "accept": bool(accept), "remark": said}
        act.append("test.reviewed", body)
        return test(act.db, found.id)


def test(database: Any, test_id: str) -> BenchTest:
    """Return a test by its id.

    Raises
    ------
    NotFoundError
    """
    rows = records.rows(database, "SELECT * FROM bench_test WHERE id=?", test_id.strip())
    if not rows:
        raise NotFoundError(
            f"{fields.visible(test_id, limit=40)!r} is no test of this record",
            hint="See `fol test list SAMPLE`.",
        )
    return _as_test(rows[0])


def tests(database: Any, number: str) -> tuple[BenchTest, ...]:
    """Return a sample's tests, oldest first."""
    found = records.rows(database, "SELECT * FROM bench_test WHERE sample=? ORDER BY seq", number)
    return tuple(_as_test(row) for row in found)


def bearing_on(
    of: Sequence[BenchTest], group: frozenset[str], edition: rules.Rules
) -> list[rules.Result]:
    """Return what reviewed tests say of a substance or a group, in the rule's form.

    A negative test counts only where its controls behaved.
    """
    return [
        rules.Result(
            technique=each.technique,
            substances=group,
            reviewed=True,
            raw_kept=bool(each.raw_sha256) or edition.technique[each.technique].category == "C",
            verified=each.controls,
            positive=each.positive,
            general=True,
            portion=each.portion,
        )
        for each in of
        if each.state is FindingState.REVIEWED
        and (each.controls or each.positive)
        and any(each.covers(name) for name in group)
    ]


def _body(technique: str, observed: str, indicates: str, reagent: str, lot: str) -> dict[str, str]:
    from libraries import substances

    if technique not in TECHNIQUES:
        raise RecordError(
            f"{fields.visible(technique, limit=40)!r} is not recorded by hand",
            hint=f"One of {', '.join(TECHNIQUES)}; the rest comes from an instrument's file.",
        )
    table = substances.table()
    meant = fields.line(indicates, "what the test is for", required=True, limit=120)
    known = table.find(meant)
    spelled = {name.casefold(): name for name in table.class_names}
    meant = known.name if known is not None else spelled.get(meant.casefold(), "")
    if not meant:
        raise RecordError(
            f"{fields.visible(indicates, limit=60)!r} is no class and no substance of the table",
            hint="See `fol substance search` for substances and their classes.",
        )
    return {
        "technique": technique,
        "reagent": fields.line(reagent, "the reagent", limit=80),
        "lot": fields.line(lot, "the lot", limit=80),
        "observed": fields.line(observed, "what was observed", required=True, limit=200),
        "indicates": meant,
    }


def _require_portion(act: Act, number: str, portion: str) -> None:
    if portion and portion not in {each.id for each in records.portions(act.db, number)}:
        raise NotFoundError(
            f"{fields.visible(portion, limit=40)!r} is no portion of {number}",
            hint="See `fol sample show` for its portions.",
        )


def _photographed(act: Act, number: str, photo: str) -> str:
    if not photo:
        return ""
    found = act.db.execute(
        "SELECT raw_sha256 FROM photo WHERE subject=? AND raw_sha256=?", [number, photo]
    ).fetchone()
    if found is None:
        raise NotFoundError(
            f"no photograph of {number} has the hash {fields.visible(photo, limit=64)}",
            hint="Keep the picture first: `fol sample photo` prints its hash.",
        )
    return str(found[0])


def _as_test(row: dict[str, Any]) -> BenchTest:
    return BenchTest(
        id=str(row["id"]),
        sample=str(row["sample"]),
        portion=str(row["portion"]),
        technique=str(row["technique"]),
        reagent=str(row["reagent"]),
        lot=str(row["lot"]),
        observed=str(row["observed"]),
        indicates=str(row["indicates"]),
        positive=bool(row["positive"]),
        controls=bool(row["controls"]),
        raw_sha256=str(row["raw_sha256"]),
        state=FindingState(row["state"]),
        by=str(row["by"]),
        at=records.moment(str(row["at"])),
        reviewer=str(row["reviewer"]),
        remark=str(row["remark"]),
    )
