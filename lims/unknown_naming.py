"""An unknown gets its name: by a reference, a finding, a conclusion, a laboratory, a person.

The cluster keeps its code beside the name, and everybody with a sample of it is told. A name given
to a cluster names no sample: each still has its own findings and conclusion.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lims import alerts, answer_readers, office_notices, records, statements
from lims.act import Act
from lims.model import ConclusionLevel, Finding
from lims.statements import NAMED, Statement
from lims.unknown_model import DOMINANT_SHARE

if TYPE_CHECKING:
    from lims.reference_record import Reference


_BY_REFERENCE = "reference {},"


def name_cluster(
    act: Act,
    code: str,
    name: str,
    *,
    inchikey: str = "",
    how: str,
    reason: str = "",
    finding: str = "",
) -> bool:
    """Write the name of a cluster inside an act and tell its samples; False where it has it.

    A cluster that has another name keeps it, and the contradiction is told instead.
    """
    row = records.rows(act.db, "SELECT * FROM unknown_cluster WHERE code=?", code)[0]
    if row["state"] == "named":
        if row["name"].casefold() != name.casefold():
            _tell_doubt(act, code, "is now said to be something else")
        return False
    append_name(act, code, name, inchikey=inchikey, how=how, reason=reason, finding=finding)
    return True


def append_name(
    act: Act, code: str, name: str, *, inchikey: str, how: str, reason: str, finding: str = ""
) -> None:
    """Write a name, also in place of an earlier one, and tell every sample of the cluster."""
    act.append(
        "unknown.named",
        {
            "code": code,
            "name": name,
            "inchikey": inchikey,
            "how": how,
            "reason": reason,
            "finding": finding,
        },
    )
    for sample in _samples(act, code):
        _tell(act, sample, code)


def tell_if_named(act: Act, sample: str, code: str) -> None:
    """Tell a sample that has just joined a cluster with a name, once."""
    row = act.db.execute("SELECT state FROM unknown_cluster WHERE code=?", [code]).fetchone()
    told = act.db.execute(
        "SELECT 1 FROM alert WHERE sample=? AND kind='unknown_named' AND headline LIKE ?",
        [sample, f"%, {code}, %"],
    ).fetchone()
    if row[0] == "named" and told is None:
        _tell(act, sample, code)


def after_review(act: Act, accepted: Finding) -> None:
    """Name what a finding names that was accepted just now, where its run was an unknown before."""
    members = records.rows(
        act.db,
        "SELECT m.code AS code, m.answer AS answer, m.finding AS finding, f.match AS match "
        "FROM unknown_member m JOIN finding f ON f.id=m.finding "
        "WHERE f.run=? AND m.finding<>? ORDER BY m.seq",
        accepted.run,
        accepted.id,
    )
    if not members:
        return
    said = statements.of_match(accepted.match)
    times = _times(accepted.match)
    for row in members:
        before = records.finding(act.db, row["finding"])
        at = _same_answer(int(row["answer"]), _times(before.match), times)
        name = _only_name(said[at]) if at is not None else ""
        if name:
            how = f"finding {accepted.id}, accepted by {act.person.id}"
            name_cluster(
                act, row["code"], name, inchikey=_inchikey(name), how=how, finding=accepted.id
            )


def after_conclusion(
    act: Act, sample: str, level: ConclusionLevel, substances: tuple[str, ...]
) -> None:
    """Name the one unknown of a sample that was just concluded as one confirmed substance.

    Only where the unknown is all there was in each of its spectra: a trace beside a substance that
    was named all along is not that substance.
    """
    if level is not ConclusionLevel.CONFIRMED or len(substances) != 1:
        return
    codes = records.rows(
        act.db,
        "SELECT m.code AS code, min(m.share) AS share, sum(f.substances<>'[]') AS named "
        "FROM unknown_member m JOIN finding f ON f.id=m.finding "
        "WHERE m.sample=? AND f.state<>'sent_back' GROUP BY m.code",
        sample,
    )
    if len(codes) == 1 and codes[0]["share"] >= DOMINANT_SHARE and not codes[0]["named"]:
        name = substances[0]
        name_cluster(
            act,
            codes[0]["code"],
            name,
            inchikey=_inchikey(name),
            how=f"confirmed conclusion of sample {sample}",
        )


def after_reference(act: Act, reference: Reference) -> None:
    """Name the unknown whose spectrum was just approved as a reference."""
    for row in records.rows(
        act.db,
        "SELECT code FROM unknown_member WHERE answer=? AND finding IN "
        "(SELECT o.id FROM finding f JOIN finding o ON o.run=f.run WHERE f.id=?)",
        reference.position,
        reference.finding,
    ):
        name_cluster(
            act,
            row["code"],
            reference.substance,
            inchikey=reference.inchikey,
            how=f"{_BY_REFERENCE.format(reference.id)} approved by {act.person.id}",
            finding=reference.finding,
        )


def after_withdrawal(act: Act, reference: Reference) -> None:
    """Tell that the name of an unknown rests on a reference that was just withdrawn."""
    for row in records.rows(
        act.db,
        "SELECT code FROM unknown_cluster WHERE state='named' AND named_how LIKE ? ORDER BY serial",
        f"{_BY_REFERENCE.format(reference.id)}%",
    ):
        _tell_doubt(act, row["code"], "lost what its name rests on: a reference that was withdrawn")


def after_answer(act: Act, finding: str, name: str, how: str) -> None:
    """Name the unknown of a candidate that another laboratory identified."""
    rows = records.rows(
        act.db,
        "SELECT DISTINCT code FROM unknown_member WHERE finding=? AND state='analogue_candidate'",
        finding,
    )
    if len(rows) == 1:
        name_cluster(act, rows[0]["code"], name, inchikey=_inchikey(name), how=how, finding=finding)


def _same_answer(number: int, before: list[float | None], now: list[float | None]) -> int | None:
    """Return where an answer of an earlier reading stands in a new one, counted from 0."""
    at = number - 1
    if not 0 <= at < len(before):
        return None
    if len(before) == len(now):
        return at
    time = before[at]
    apart = [abs(time - t) for t in now if time is not None and t is not None]
    if time is None or not apart or min(apart) > 2.0:
        return None
    return next(i for i, t in enumerate(now) if t is not None and abs(time - t) == min(apart))


def _times(match: Any) -> list[float | None]:
    from lims import matching

    return [each.get("retention_time_s") for each in matching.answers(match)]


def _only_name(said: Statement) -> str:
    """Return the one name of a statement; a group that cannot be told apart is said as such."""
    if said.state not in NAMED or (said.state == "mixture" and len(said.substances) != 1):
        return ""
    if said.is_group:
        return f"{' or '.join(said.substances)} (not distinguished)"
    return said.substances[0]


def _inchikey(name: str) -> str:
    from libraries import substances

    found = substances.table().find(name)
    return "" if found is None else found.inchikey


def _samples(act: Act, code: str) -> list[str]:
    rows = records.rows(
        act.db, "SELECT DISTINCT sample FROM unknown_member WHERE code=? ORDER BY sample", code
    )
    return [row["sample"] for row in rows]


def tell_named_elsewhere(act: Act, row: records.Row, name: str, where: str) -> list[str]:
    """Tell the samples of a cluster that another laboratory found what it is; return the samples.

    Where this lab's own name says otherwise, the contradiction is told instead.

    Parameters
    ----------
    row : dict
        Of the cluster.
    where : str
        The laboratories.
    """
    code = str(row["code"])
    if row["name"]:
        if str(row["name"]).casefold() != name.casefold():
            _tell_doubt(act, code, f"has another name at {where}")
        return []
    samples = _samples(act, code)
    for sample in samples:
        _tell(act, sample, code, f" at {where}")
    return samples


def _tell(act: Act, sample: str, code: str, where: str = "") -> None:
    """Raise the notice and tell who read the sample's answer.

    It names nothing: a hazard notice may stand before the name.
    """
    row = records.sample_row(act.db, sample)
    parcel = records.shipment(act.db, row["shipment"])
    headline = f"the unknown in sample {sample}, {code}, has a name now{where}"
    detail = (
        f"Shipment {parcel.number} is {parcel.state}. `fol unknown show {code}` says it. "
        "The sample's own answer stands until it is compared again (`fol again`) or concluded."
    )
    alerts.raise_alert(act, row, kind="unknown_named", headline=headline, detail=detail)
    if row["conclusion"] is not None:
        readers = {
            who: because
            for who, because in answer_readers.readers(act, row).items()
            # Headquarters learns names by the report, or has just told this one.
            if who != "headquarters"
        }
        office_notices.tell_changed(
            act, sample, readers, f"{headline}. {detail}", leaving_out=act.person.id
        )


def _tell_doubt(act: Act, code: str, what: str) -> None:
    """Raise a notice on the first sample of a cluster whose name is in doubt."""
    for sample in _samples(act, code)[:1]:
        row = records.sample_row(act.db, sample)
        alerts.raise_alert(
            act,
            row,
            kind="unknown_conflict",
            headline=f"{code}, the unknown in sample {sample}, {what}",
            detail=f"It keeps its name. Look at it with `fol unknown show {code}`; perhaps it is "
            "two (`fol unknown split`), or the name is wrong (`fol unknown name --again`).",
        )
