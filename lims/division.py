"""Taking a sample apart into sub-samples that add up: the item tree and its mass balance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lims import canonical, fields, legal_hold, mass_balance, records, weighing
from lims import custody_rules as rules
from lims.act import Act
from lims.custody_model import Division
from lims.errors import RecordError, StateError
from lims.lab import Lab
from lims.model import Sample, SampleDraft
from lims.workflow import Verb

MOST_PARTS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One sub-sample: what it is, its net mass, and its seal when it gets one at once.

    ``gross_ug`` is with its new packaging, where that was weighed too.
    """

    description: str
    net_ug: int
    gross_ug: int | None = None
    seal: str = ""


def divide(
    lab: Lab,
    actor: str,
    sample: str,
    parts: Sequence[Part],
    *,
    balance: str,
    gross_ug: int,
    packaging_ug: int,
    residue_ug: int,
    consumed_ug: int = 0,
    key: str = "",
) -> tuple[Division, tuple[Sample, ...]]:
    """Divide an open sample; each part becomes a sample with a number and custody of its own.

    Parts + residue + consumed must be the parent's net mass (gross less packaging, weighed before)
    within k = 2 of the weighings' uncertainty.

    Raises
    ------
    CustodyError
        They do not add up: the discrepancy is on record, the sample frozen, no part registered.
    StateError
        The sample is not open.
    RecordError, NotFoundError, PermissionDenied
    """
    from lims import intake

    if not 0 < len(parts) <= MOST_PARTS:
        raise RecordError(f"a sample is divided into 1 to {MOST_PARTS} parts, found {len(parts)}")
    named = (
        ("gross", gross_ug),
        ("packaging", packaging_ug),
        ("residue", residue_ug),
        ("consumed", consumed_ug),
    )
    body: dict[str, Any] = {
        f"{name}_ug": fields.micrograms(value, f"the {name} mass") for name, value in named
    }
    if None in body.values() or body["packaging_ug"] > body["gross_ug"]:
        raise RecordError("gross and packaging mass are both needed, the packaging not the heavier")
    body["net_ug"] = body["gross_ug"] - body["packaging_ug"]
    children = [_draft(part) for part in parts]
    with lab.writing(actor, key) as act:
        act.allow(Verb.DIVIDE_SAMPLE)
        first = act.repeated("sample.divided")
        if first is not None:
            return _division(act, first.seq), _children(act, first.seq)
        row = records.sample_row(act.db, sample)
        rules.require_holder(act, row, "divide")
        rules.require_kept(row)
        if row["seal"]:
            raise StateError(
                f"{row['number']} is sealed: only an open sample is divided",
                hint="Record the opening first.",
            )
        if body["consumed_ug"]:
            legal_hold.require_none(act.db, row["number"], "consumed")
        body |= _balanced(act, balance, body, [part.net_ug for part in parts])
        problem, seq = _problem(act, row, body), 0
        if not problem:
            seq = act.append("sample.divided", {"sample": row["number"], **body}).seq
            for child, part in zip(children, parts, strict=True):
                intake.receive_part(act, row["shipment"], child, division=seq, net_ug=part.net_ug)
        made = (_division(act, seq), _children(act, seq)) if seq else None
    rules.refuse(problem)
    if made is None:  # a problem was refused above
        raise StateError(f"{sample} was not divided")
    return made


def divisions(lab: Lab, sample: str) -> tuple[Division, ...]:
    """Return how a sample was divided, in order."""
    number = records.sample_row(lab.db, sample)["number"]
    found = records.rows(lab.db, "SELECT * FROM division WHERE parent=? ORDER BY seq", number)
    return tuple(_as_division(row) for row in found)


def tree(lab: Lab, sample: str) -> tuple[tuple[int, Sample], ...]:
    """Return a sample and all that was taken out of it, as (depth, sample), parents first."""
    number = records.sample_row(lab.db, sample)["number"]
    found = records.rows(
        lab.db,
        "WITH RECURSIVE below(number, depth, path) AS (SELECT number, 0, printf('%09d', seq) "
        "FROM sample WHERE number=? UNION ALL SELECT s.number, b.depth+1, "
        "b.path || printf('/%09d', s.seq) FROM sample s "
        "JOIN below b ON s.parent=b.number AND s.parent<>'') "
        "SELECT number, depth FROM below ORDER BY path",
        number,
    )
    return tuple((row["depth"], records.sample(lab.db, row["number"])) for row in found)


def _draft(part: Part) -> dict[str, Any]:
    from lims import intake

    if fields.micrograms(part.net_ug, "a part's net mass") is None:
        raise RecordError("a part's net mass is missing")
    return intake.sample_values(
        SampleDraft(description=part.description, gross_ug=part.gross_ug, seal=part.seal)
    )


def _balanced(
    act: Act, balance: str, body: dict[str, Any], children_ug: Sequence[int]
) -> dict[str, Any]:
    of = weighing.precision(act, balance)
    found = mass_balance.parts_against_whole(
        body["net_ug"],
        children_ug,
        residue_ug=body["residue_ug"],
        consumed_ug=body["consumed_ug"],
        precision=of,
    )
    # What stays in the parent's packaging is its gross mass from now on.
    return {
        "balance": balance,
        "u_ug": mass_balance.net_uncertainty_ug(of),
        "gross_ug": body["packaging_ug"] + body["residue_ug"],
        "masses_ug": list(children_ug),
        "difference_ug": found.difference_ug,
        "tolerance_ug": found.tolerance_ug,
    }


def _problem(act: Act, row: dict[str, Any], body: dict[str, Any]) -> str:
    if abs(body["difference_ug"]) <= body["tolerance_ug"]:
        return ""
    found = body["net_ug"] + body["difference_ug"]
    rules.raise_discrepancy(
        act,
        row,
        "mass balance",
        expected=f"{body['net_ug']} ± {body['tolerance_ug']} µg net",
        found=f"{found} µg in {len(body['masses_ug'])} parts, residue and consumed",
    )
    return (
        f"{row['number']}: the parts come to {weighing.grams(found)}, the whole was "
        f"{weighing.grams(body['net_ug'])} ± {weighing.grams(body['tolerance_ug'])}"
    )


def _children(act: Act, seq: int) -> tuple[Sample, ...]:
    children = _division(act, seq).children
    found = [records.sample(act.db, number) for number in children]
    return tuple(sorted(found, key=lambda each: each.number))


def _division(act: Act, seq: int) -> Division:
    return _as_division(records.rows(act.db, "SELECT * FROM division WHERE seq=?", seq)[0])


def _as_division(row: records.Row) -> Division:
    return Division(
        seq=row["seq"],
        parent=row["parent"],
        balance=row["balance"],
        net_ug=row["net_ug"],
        children=canonical.parsed(row["children"]),
        residue_ug=row["residue_ug"],
        consumed_ug=row["consumed_ug"],
        difference_ug=row["difference_ug"],
        tolerance_ug=row["tolerance_ug"],
        at=records.moment(row["at"]),
        by=row["by"],
    )
