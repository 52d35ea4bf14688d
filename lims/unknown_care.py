"""What a person does to clusters of unknowns: merge, split, name. Each with a reason, none undone.

Codes stay readable: a merged one leads to where it went, a split one says where it came from.
"""

from __future__ import annotations

from collections.abc import Sequence

from lims import fields, records, unknown_naming, unknown_queries
from lims.act import Act
from lims.errors import NotFoundError, RecordError, StateError
from lims.lab import Lab
from lims.unknown_clusters import next_serial
from lims.unknown_model import ClusterRecord, Member, make_code
from lims.workflow import Verb


def merge(
    lab: Lab, actor: str, code: str, into: str, reason: str, *, key: str = ""
) -> ClusterRecord:
    """Declare two clusters to be one unknown: ``code`` goes into ``into``.

    Raises
    ------
    StateError
        The two are one already, or have two different names.
    RecordError
        No reason.
    NotFoundError, PermissionDenied, BusyError, StorageFullError
    """
    why = fields.paragraph(reason, "the reason", required=True)
    with lab.writing(actor, key) as act:
        act.allow(Verb.SORT_UNKNOWNS)
        if act.repeated("unknown.merged") is None:
            gone = unknown_queries.row_of(act.db, code)
            stays = unknown_queries.live_row(act.db, unknown_queries.row_of(act.db, into))
            if gone["merged_into"]:
                raise StateError(
                    f"{gone['code']} was merged into {gone['merged_into']} already",
                    hint="Merge the one it went into.",
                )
            if gone["code"] == stays["code"]:
                raise StateError(f"{code} and {into} are one cluster already")
            if gone["name"] and gone["name"].casefold() != stays["name"].casefold():
                raise StateError(
                    f"{gone['code']} has a name, and {stays['code']} has not that name",
                    hint=f"Merge {stays['code']} into {gone['code']}, or settle the names first.",
                )
            act.append(
                "unknown.merged", {"code": gone["code"], "into": stays["code"], "reason": why}
            )
            if stays["name"]:
                _tell_joined(act, gone["code"], stays["code"])
    return unknown_queries.show(lab, into)


def _tell_joined(act: Act, gone: str, into: str) -> None:
    """Tell the samples that came with a merged cluster that theirs has a name."""
    for row in records.rows(
        act.db,
        "SELECT DISTINCT sample FROM unknown_member WHERE code=? AND first_code=? ORDER BY sample",
        into,
        gone,
    ):
        unknown_naming.tell_if_named(act, row["sample"], into)


def split(
    lab: Lab, actor: str, code: str, which: Sequence[str], reason: str, *, key: str = ""
) -> ClusterRecord:
    """Take samples or findings out of a cluster into a new one, and return the new one.

    Parameters
    ----------
    which : sequence of str
        Numbers of samples, ids of findings, or a finding's answer as ``FINDING:3``.

    Raises
    ------
    StateError
        Nothing would be left in the cluster, or it was merged into another.
    NotFoundError
        One of them is not in this cluster.
    RecordError, PermissionDenied, BusyError, StorageFullError
    """
    why = fields.paragraph(reason, "the reason", required=True)
    if not which:
        raise RecordError("nothing to split off", hint="Name samples or findings of the cluster.")
    with lab.writing(actor, key) as act:
        act.allow(Verb.SORT_UNKNOWNS)
        first = act.repeated("unknown.split")
        if first is not None:
            return unknown_queries.show(lab, str(first.body["new_code"]))
        row = unknown_queries.row_of(act.db, code)
        if row["merged_into"]:
            raise StateError(
                f"{row['code']} was merged into {row['merged_into']}",
                hint=f"Split {row['merged_into']}; its members say which code they came under.",
            )
        there = unknown_queries.members(act.db, row["code"])
        chosen = _chosen(there, which, row["code"])
        if len(chosen) == len(there):
            raise StateError(f"nothing would be left in {row['code']}")
        new_code = _append_split(act, row["code"], chosen, why)
    return unknown_queries.show(lab, new_code)


def _append_split(act: Act, code: str, chosen: Sequence[Member], reason: str) -> str:
    from libraries import class_codes

    class_name = next((each.class_name for each in chosen if each.class_name), "")
    serial = next_serial(act)
    new_code = make_code(class_codes.short(class_name), serial)
    act.append(
        "unknown.split",
        {
            "code": code,
            "new_code": new_code,
            "serial": serial,
            "class_name": class_name,
            "members": [[each.finding, each.answer] for each in chosen],
            "reason": reason,
        },
    )
    return new_code


def _chosen(there: Sequence[Member], which: Sequence[str], code: str) -> list[Member]:
    chosen: list[Member] = []
    for text in which:
        wanted, _, answer = text.strip().upper().partition(":")
        found = [
            each
            for each in there
            if wanted in (each.finding, each.sample) and (not answer or answer == str(each.answer))
        ]
        if not found:
            raise NotFoundError(
                f"{text[:60]!r} is not in {code}",
                hint=f"See `fol unknown show {code}` for its samples and findings.",
            )
        chosen += [each for each in found if each not in chosen]
    return chosen


def name(
    lab: Lab,
    actor: str,
    code: str,
    substance: str,
    reason: str,
    *,
    again: bool = False,
    key: str = "",
) -> ClusterRecord:
    """Say what an unknown was found to be, and tell all its samples.

    Parameters
    ----------
    substance : str
        Name, synonym, CAS number or InChIKey; a name the substances table does not know stands.
    reason : str
        What the name rests on: a reference standard, another laboratory's report.
    again : bool
        In place of an earlier name, which stays on record.

    Raises
    ------
    StateError
        It has a name already, or was merged into another.
    RecordError, NotFoundError, PermissionDenied, BusyError, StorageFullError
    """
    from lims import reference_identity

    why = fields.paragraph(reason, "the reason", required=True)
    who = reference_identity.resolved(substance, "", "")
    with lab.writing(actor, key) as act:
        act.allow(Verb.NAME_UNKNOWN)
        if act.repeated("unknown.named") is None:
            row = unknown_queries.row_of(act.db, code)
            _require_nameable(row, again)
            unknown_naming.append_name(
                act,
                row["code"],
                who.name,
                inchikey=who.inchikey,
                how=f"said by {act.person.id}: {why}"[:500],
                reason=why,
            )
    return unknown_queries.show(lab, code)


def _require_nameable(row: dict[str, object], again: bool) -> None:
    if row["merged_into"]:
        raise StateError(
            f"{row['code']} was merged into {row['merged_into']}",
            hint=f"Name {row['merged_into']}.",
        )
    if row["name"] and not again:
        raise StateError(
            f"{row['code']} was named by {row['named_by']} already",
            hint="Use --again to put another name in its place; the first stays on record.",
        )
