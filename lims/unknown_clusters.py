"""Where an unknown belongs: each finding that names nothing joins a cluster or opens one.

Runs inside the act that writes the finding, so that the log says which cluster, and why, at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lims import canonical, records, unknown_energies, unknown_naming
from lims.act import Act
from lims.fields import visible
from lims.statements import CLASSED
from lims.unknown_model import DOMINANT_SHARE, make_code
from lims.unknown_place import Answer, Place
from lims.unknown_signatures import UNKNOWN_STATES

if TYPE_CHECKING:
    from spectra.unknown_signature import Signature

LEAST_SHARE = 0.05
"""Of a run: a smaller peak that nothing names is a trace, unless it shows a class."""
MOST_ANSWERS = 4
"""Of one finding; the rest stays in the finding."""
MOST_COMPARED = 5_000
"""Members looked at for one answer, the newest first."""


def join(act: Act, sample: str, finding: str, match: Mapping[str, Any]) -> tuple[str, ...]:
    """Put each unknown of a finding that was just written into its cluster; return the codes.

    Answers without the key ``signature`` (of older software) are passed over.

    Raises
    ------
    RecordError, SpectrumError
        The match holds a signature that is none.
    """
    codes = []
    for answer in _worth_keeping(match):
        place = (
            _by_likeness(act, sample, answer)
            or unknown_energies.by_precursor(act, sample, finding, answer)
            or _by_sample(act, sample, answer)
        )
        code = _append(act, sample, finding, answer, place)
        code = unknown_energies.bridge(act, finding, answer, place, code)
        codes.append(code)
        _gather_sample(act, sample, code, answer, place)
        unknown_naming.tell_if_named(act, sample, code)
    return tuple(dict.fromkeys(codes))


def _worth_keeping(match: Mapping[str, Any]) -> list[Answer]:
    """Return what of a match belongs into clusters, what says most and is largest first."""
    from lims import matching

    found = [
        _answer(number, entry)
        for number, entry in enumerate(matching.answers(match), start=1)
        if "signature" in entry and entry["decision"]["state"] in UNKNOWN_STATES
    ]
    found.sort(key=lambda each: (each.state not in CLASSED, -each.share, each.number))
    named = any(
        entry["decision"]["state"] in matching.NAMING_STATES for entry in matching.answers(match)
    )
    kept = [each for each in found if each.state in CLASSED or each.share >= LEAST_SHARE]
    if not kept and not named:
        kept = found[:1]
    return kept[:MOST_ANSWERS]


def _answer(number: int, entry: Mapping[str, Any]) -> Answer:
    from spectra import unknown_signature

    state, said = str(entry["decision"]["state"]), entry["signature"]
    analogue = (entry.get("analogue") or {}) if state in CLASSED else {}
    shift = analogue.get("mass_shift")
    share = entry.get("area_fraction")
    return Answer(
        number=number,
        state=state,
        kind=str(entry.get("compared_as", "")),
        class_name=visible(str(analogue.get("class") or "")),
        mass_shift=f"{shift:+d}" if isinstance(shift, int) and shift else "",
        share=1.0 if share is None else float(share),
        signature=None if said is None else unknown_signature.parsed(said),
        said=said,
    )


def _by_likeness(act: Act, sample: str, answer: Answer) -> Place | None:
    """Return the cluster with the member most alike, where one is alike enough.

    A sample's own earlier spectrum goes before another's: a person may have told the two apart.
    """
    from spectra import unknown_signature

    mine = answer.signature
    if mine is None:
        return None
    rows = _candidates(act, mine)
    others = [unknown_signature.parsed(canonical.parsed(row["signature"])) for row in rows]
    by_code: dict[str, list[Signature]] = {}
    for row, other in zip(rows, others, strict=True):
        by_code.setdefault(row["code"], []).append(other)
    ruled_out = {
        code for code, held in by_code.items() if unknown_signature.retention_differs(mine, held)
    }
    scores = unknown_signature.likeness(mine, others).tolist()
    alike = [
        (row["sample"] == sample, score, row)
        for score, row, other in zip(scores, rows, others, strict=True)
        if score >= mine.threshold(other) and row["code"] not in ruled_out
    ]
    if not alike:
        return None
    # The first of equals is the oldest.
    _, score, row = max(alike, key=lambda each: each[:2])
    return Place(
        code=row["code"],
        score=round(score, 4),
        why=f"alike {row['finding']} answer {row['answer']} ({score:.3f})",
        attracts=True,
        alike=_best_of_each(alike),
    )


def _best_of_each(
    alike: Iterable[tuple[bool, float, Mapping[str, Any]]],
) -> tuple[tuple[str, float], ...]:
    best: dict[str, float] = {}
    for _, score, row in alike:
        best[row["code"]] = max(score, best.get(row["code"], 0.0))
    return tuple(sorted(best.items()))


def _candidates(act: Act, mine: Signature) -> list[dict[str, Any]]:
    """Return the members worth comparing: the oldest of equals first, so that ties are settled."""
    values: list[object] = [mine.kind]
    where = "kind=?"
    if mine.filed:
        where += f" AND base_mz IN ({','.join('?' * len(mine.looked_up))})"
        values += mine.looked_up
    return records.rows(
        act.db,
        "SELECT * FROM (SELECT seq, finding, answer, sample, code, signature FROM unknown_member "
        f"WHERE attracts=1 AND {where} ORDER BY seq DESC LIMIT ?) ORDER BY seq, answer",
        *values,
        MOST_COMPARED,
    )


def _by_sample(act: Act, sample: str, answer: Answer) -> Place:
    """Return the cluster another technique put this sample in, or a new one.

    A cluster that holds a spectrum of this technique already would have been found by likeness: the
    two differ. A part of a mixture and the whole are one sample and two spectra: then the
    spectrum stands with the sample and attracts no other.
    """
    rows = records.rows(
        act.db,
        "SELECT m.code AS code, max(m.share) AS share, max(m.class_name) AS class_name "
        "FROM unknown_member m JOIN finding f ON f.id=m.finding "
        "WHERE m.sample=? AND f.state<>'sent_back' AND m.kind<>? AND NOT EXISTS "
        "(SELECT 1 FROM unknown_member o WHERE o.code=m.code AND o.kind=?) "
        "GROUP BY m.code ORDER BY 2 DESC, min(m.seq)",
        sample,
        answer.kind,
        answer.kind,
    )
    fitting = [
        row for row in rows if not answer.class_name or row["class_name"] in ("", answer.class_name)
    ]
    if not fitting:
        why = (
            "nothing alike on record"
            if answer.signature is not None
            else "its spectrum recognises no other: too few ions"
        )
        return Place(code="", score=None, why=why, attracts=True)
    row = fitting[0]
    return Place(
        code=row["code"],
        score=None,
        why="the same sample by another technique",
        attracts=row["share"] >= DOMINANT_SHARE and answer.share >= DOMINANT_SHARE,
    )


def _append(act: Act, sample: str, finding: str, answer: Answer, place: Place) -> str:
    from libraries import class_codes

    serial = 0
    code = place.code
    if not code:
        serial = next_serial(act)
        code = make_code(class_codes.short(answer.class_name), serial)
    act.append(
        "unknown.joined",
        {
            "finding": finding,
            "answer": answer.number,
            "sample": sample,
            "code": code,
            "opened": not place.code,
            "serial": serial,
            "kind": answer.kind,
            "state": answer.state,
            "class_name": answer.class_name,
            "mass_shift": answer.mass_shift,
            "signature": None if answer.said is None else dict(answer.said),
            "share": round(answer.share, 6),
            "attracts": place.attracts and answer.signature is not None,
            "score": place.score,
            "why": place.why,
        },
    )
    return code


def next_serial(act: Act) -> int:
    """Return the serial of the next cluster: one more than any ever given."""
    row = act.db.execute("SELECT coalesce(max(serial), 0) FROM unknown_cluster").fetchone()
    return int(row[0]) + 1


def _gather_sample(act: Act, sample: str, code: str, answer: Answer, place: Place) -> None:
    """Take in what other techniques saw of this sample alone, now that its cluster is known.

    Only where this answer is what the sample is made of, and the other cluster holds nothing else.
    """
    if place.score is None or answer.share < DOMINANT_SHARE:
        return
    for row in _alone(act.db, sample, code, answer.kind):
        act.append(
            "unknown.merged",
            {"code": row["code"], "into": code, "reason": f"the same sample, {sample}"},
        )


def _alone(database: Any, sample: str, code: str, kind: str) -> Iterable[dict[str, Any]]:
    """Return open clusters that hold this sample only, by other techniques, and one answer."""
    rows: Sequence[dict[str, Any]] = records.rows(
        database,
        "SELECT m.code AS code FROM unknown_member m JOIN unknown_cluster c ON c.code=m.code "
        "WHERE m.sample=? AND m.code<>? AND c.state='open' AND c.split_from='' AND NOT EXISTS "
        "(SELECT 1 FROM unknown_member o WHERE o.code=m.code AND (o.sample<>? OR o.kind=? "
        "OR o.share<?)) GROUP BY m.code ORDER BY min(m.seq)",
        sample,
        code,
        sample,
        kind,
        DOMINANT_SHARE,
    )
    return rows
