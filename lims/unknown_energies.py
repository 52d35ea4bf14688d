"""MS/MS unknowns whose spectra differ because the collision energy does.

Two spectra of one precursor from one sample belong together without being alike; a spectrum that
is like two clusters shows that they are one. Inside the act that writes the finding.
"""

from __future__ import annotations

from typing import Any

from lims import canonical, records
from lims.act import Act
from lims.unknown_place import Answer, Place


def by_precursor(act: Act, sample: str, finding: str, answer: Answer) -> Place | None:
    """Return the cluster that holds the same precursor of the same sample, or None.

    The other polarity of the same molecule counts as well. The reason says which it was.
    """
    from spectra import unknown_signature, unknown_tandem

    mine = None if answer.signature is None else answer.signature.tandem
    if mine is None:
        return None
    for row in records.rows(
        act.db,
        "SELECT m.code AS code, m.finding AS finding, m.signature AS signature "
        "FROM unknown_member m JOIN finding f ON f.id=m.finding WHERE m.sample=? AND m.kind=? "
        "AND m.signature<>'' AND f.state<>'sent_back' ORDER BY m.seq, m.answer",
        sample,
        answer.kind,
    ):
        other = unknown_signature.parsed(canonical.parsed(row["signature"])).tandem
        if other is None:
            continue
        why = unknown_tandem.of_one_sample(mine, other, same_run=row["finding"] == finding)
        if why:
            return Place(code=row["code"], score=None, why=why, attracts=True)
    return None


def bridge(act: Act, finding: str, answer: Answer, place: Place, code: str) -> str:
    """Make one of the clusters that one MS/MS spectrum is alike; return where the answer is now.

    The oldest code stays. What a person told apart, what has a name, and what other techniques saw
    as two is left alone: there a person decides (`fol unknown merge`).
    """
    if answer.signature is None or answer.signature.tandem is None:
        return code
    scores = dict(place.alike)
    free = [row for each in {code, *scores} if (row := _free(act, each)) is not None]
    if code not in [row["code"] for row in free] or len(free) < 2:
        return code
    free.sort(key=lambda row: int(row["serial"]))
    seen_otherwise = [row for row in free if row["others"]]
    stays = free[0]
    for row in free[1:]:
        if row["others"] and len(seen_otherwise) > 1:
            continue
        act.append(
            "unknown.merged",
            {
                "code": row["code"],
                "into": stays["code"],
                "reason": f"{finding} answer {answer.number} has the same precursor and is alike "
                f"both ({', '.join(_said(each['code'], scores) for each in (stays, row))})",
            },
        )
        code = stays["code"] if code == row["code"] else code
    return str(code)


def _said(code: str, scores: dict[str, float]) -> str:
    return f"{code} {scores[code]:.3f}" if code in scores else code


def _free(act: Act, code: str) -> dict[str, Any] | None:
    """Return a cluster that no person has touched and nothing has named, else None."""
    found = records.rows(
        act.db,
        "SELECT c.code AS code, c.serial AS serial, EXISTS (SELECT 1 FROM unknown_member m "
        "WHERE m.code=c.code AND m.kind<>'msms') AS others FROM unknown_cluster c "
        "WHERE c.code=? AND c.state='open' AND c.split_from='' AND NOT EXISTS "
        "(SELECT 1 FROM unknown_act a WHERE a.code=c.code AND a.kind='split')",
        code,
    )
    return dict(found[0]) if found else None
