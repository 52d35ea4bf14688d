"""What a report says of one sample, read from the record: results, weights, custody, raw files."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from lims import (
    candidate_requests,
    canonical,
    certificate_results,
    certificate_wording,
    clock,
    consumption,
    events,
    mass_balance,
    other_labs,
    records,
    sampling,
    weighing,
)
from lims.certificate_model import Json
from lims.lab import Lab
from lims.model import Run, Sample
from lims.sampling import SamplingPlan


def item(lab: Lab, number: str) -> Json:
    """Return all a report says of a sample.

    Raises
    ------
    NotFoundError, RecordError
    """
    sample = records.sample(lab.db, number)
    runs = records.runs(lab.db, number)
    draft = sample.draft
    return {
        "sample": number,
        "parent": sample.parent,
        "description": draft.description,
        "form": draft.form,
        "request": draft.request,
        "submitted_by": certificate_results.who(lab, draft.officer),
        "field_test": ": ".join(each for each in (draft.field_tool, draft.field_result) if each),
        "received_at": clock.stamp(sample.submitted_at),
        "hazards": _hazards(lab, number),
        "conclusion": _conclusion(sample),
        "earlier_conclusions": _earlier(lab, sample),
        **certificate_results.results(lab, number, runs),
        "weights": _weights(lab, sample),
        "sampling": [_sampled(plan) for plan in sampling.plans(lab, number)],
        "external": _external(lab, number),
        "discrepancies": _discrepancies(lab, number),
        "files": _files(lab, runs, number),
        "custody": _custody(lab, sample),
    }  # fmt: skip


def _hazards(lab: Lab, number: str) -> list[str]:
    """Return the hazard notices of a sample; no headline carries a substance's name."""
    found = records.rows(
        lab.db, "SELECT headline FROM alert WHERE sample=? AND kind='hazard' ORDER BY seq", number
    )
    return [str(row["headline"]) for row in found]


def _conclusion(sample: Sample) -> Json | None:
    made = sample.conclusion
    if made is None:
        return None
    level = made.level.value
    return {
        "level": level,
        "statement": certificate_wording.conclusion(level, made.text, made.missing, made.rule),
        "text": made.text,
        "substances": list(made.substances),
        "classes": list(made.classes),
        "missing": list(made.missing),
        "limitations": list(made.limitations),
        "rule": made.rule,
        "findings": list(made.findings),
        "tests": list(made.tests),
        "by": made.by,
        "at": clock.stamp(made.at),
    }


def _earlier(lab: Lab, sample: Sample) -> list[Json]:
    """Return what was concluded before: a presumptive answer stays beside the confirmed one."""
    found = records.rows(
        lab.db, "SELECT * FROM conclusion WHERE sample=? ORDER BY seq", sample.number
    )
    made = [records.as_conclusion(row) for row in found[:-1]]
    return [{"level": c.level.value, "text": c.text, "at": clock.stamp(c.at)} for c in made]


def _weights(lab: Lab, sample: Sample) -> Json:
    number = sample.number
    gross = records.value(lab.db, "SELECT gross_ug FROM sample WHERE number=?", number)
    divisions = records.rows(lab.db, "SELECT * FROM division WHERE parent=? ORDER BY seq", number)
    return {
        "submitted": _grams(sample.draft.gross_ug),
        "gross_now": _grams(gross),
        "net_as_part": _as_part(lab, sample),
        "readings": [
            {
                "occasion": each.occasion,
                "gross": _grams(each.gross_ug),
                "uncertainty": _expanded(each.u_ug),
                "balance": each.balance,
                "fits": each.fits,
                "at": clock.stamp(each.at),
            }
            for each in weighing.weighings(lab, number)
        ],
        "divisions": [
            {
                "net": _grams(row["net_ug"]),
                "uncertainty": _net_uncertainty(lab, row["seq"]),
                "balance": row["balance"],
                "difference": _grams(row["difference_ug"]),
                "tolerance": _grams(row["tolerance_ug"]),
                "fits": abs(row["difference_ug"]) <= row["tolerance_ug"],
                "at": row["at"],
            }
            for row in divisions
        ],
        "consumed": [
            f"{weighing.grams(each.mass_ug)} for {each.purpose}"
            + (", all of it" if each.everything else "")
            for each in consumption.consumed(lab, number)
        ],
    }


def _net_uncertainty(lab: Lab, division: int) -> str:
    """Return U of a division's net mass as it was known when it was weighed."""
    body = events.read(lab.db, division - 1, 1)[0].body
    return _expanded(int(body["u_ug"])) if "u_ug" in body else ""


def _as_part(lab: Lab, sample: Sample) -> str:
    """Return the net mass a part had when it was taken out of its whole."""
    found = records.rows(
        lab.db, "SELECT * FROM division WHERE parent=? ORDER BY seq DESC", sample.parent
    )
    for row in found:
        mass = canonical.parsed(row["children"]).get(sample.number)
        if mass is not None:
            return f"{_grams(mass)} {_net_uncertainty(lab, row['seq'])}".strip()
    return ""


def _sampled(plan: SamplingPlan) -> Json:
    weight = ""
    if plan.weight is not None:
        weight = (
            f"net weight of all units {_grams(plan.weight.total_ug)} ± "
            f"{_grams(plan.weight.half_width_ug)} ({_confidence(plan.alpha)} confidence), from "
            f"{plan.weight.weighed} weighed"
            + ("" if plan.weight.enough else "; too few for the spread met")
        )
    return {"plan": plan.id, "wording": plan.wording, "weight": weight}


def _confidence(alpha: str) -> str:
    return f"{100 * (1 - float(Fraction(alpha))):g} %"


def _grams(mass_ug: int | None) -> str:
    return "" if mass_ug is None else weighing.grams(int(mass_ug))


def _expanded(u_ug: int) -> str:
    """Return the expanded uncertainty of a standard one, in words."""
    return f"± {weighing.grams(mass_balance.COVERAGE * u_ug)} (k = {mass_balance.COVERAGE})"


def _external(lab: Lab, number: str) -> list[Json]:
    """Return what other laboratories answered, and what waits there. None of it is ours."""
    asked = records.rows(
        lab.db, "SELECT * FROM candidate_request WHERE sample=? ORDER BY seq", number
    )
    found = [
        {
            "lab": row["sent_to"],
            "sent_at": row["at"],
            "answered_at": row["answered_at"],
            "result": _answer(row["answer"], row["substance"]),
            "reference": row["reference"],
            "remark": row["answer_remark"],
        }
        for row in asked
    ]
    told = {(each["lab"], each["reference"], each["answered_at"]) for each in found}
    for each in other_labs.of_sample(lab, number):
        answered = "" if each.closed_at is None else clock.stamp(each.closed_at)
        if (each.to_lab, each.reference, answered) in told:
            continue  # the request that went with it says the same
        answer = "" if not answered else "identified" if each.substance else "not_identified"
        found.append(
            {
                "lab": each.to_lab,
                "sent_at": clock.stamp(each.at),
                "answered_at": answered,
                "result": _answer(answer, each.substance),
                "reference": each.reference,
                "remark": each.answer,
            }
        )
    return found


def _answer(answer: str, substance: str) -> str:
    if answer == candidate_requests.Answer.IDENTIFIED:
        return f"identified there as {substance}"
    return "not identified there" if answer else "no answer yet"


def _discrepancies(lab: Lab, number: str) -> list[Json]:
    found = records.rows(lab.db, "SELECT * FROM discrepancy WHERE sample=? ORDER BY seq", number)
    return [
        {
            "number": row["seq"],
            "what": row["what"],
            "expected": row["expected"],
            "found": row["found"],
            "at": row["at"],
            "resolved_at": row["resolved_at"],
            "resolved_by": certificate_results.who(lab, row["resolved_by"]),
            "resolution": row["resolution"],
        }
        for row in found
    ]


def _files(lab: Lab, runs: Sequence[Run], number: str) -> list[Json]:
    found = [
        {"of": run.id, "name": run.file_name, "sha256": run.raw_sha256, "what": run.technique}
        for run in runs
    ]
    for table, what in (("photo", "'photo'"), ("attachment", "what")):
        rows = records.rows(
            lab.db,
            f"SELECT file_name, raw_sha256, {what} AS what FROM {table} "
            "WHERE subject=? ORDER BY seq",
            number,
        )
        found += [
            {"of": number, "name": r["file_name"], "sha256": r["raw_sha256"], "what": r["what"]}
            for r in rows
        ]
    return found


def _custody(lab: Lab, sample: Sample) -> Json:
    steps = records.transfers(lab.db, sample.number)
    return {
        "state": sample.state.value,
        "holder": certificate_results.who(lab, sample.holder),
        "seal_received": steps[0].seal_after if steps else "",
        "seal_now": sample.seal,
        "steps": [
            {
                "event": each.seq,
                "at": clock.stamp(each.at),
                "occurred_at": clock.stamp(each.occurred_at) if each.occurred_at else "",
                "kind": each.kind,
                "giver": certificate_results.who(lab, each.giver),
                "taker": certificate_results.who(lab, each.taker),
                "witness": certificate_results.who(lab, each.witness),
                "seal_before": each.seal_before,
                "seal_after": each.seal_after,
                "on_behalf": each.on_behalf,
                "confirmed": "; ".join(
                    f"{certificate_results.who(lab, person)} {means}"
                    for person, means in sorted(each.confirmed.items())
                ),
                "reason": each.reason,
            }
            for each in steps
        ],
    }
