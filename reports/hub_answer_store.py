"""What a hub answered to its labs, and which of its codes were found to be one: rows only.

Works through the reading and writing of `reports.hub_store`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from reports.hub_model import HubMerge, StoredAnswer

Rows = Callable[..., list[dict[str, Any]]]


class SqliteAnswerShelf:
    """`reports.hub_model.AnswerShelf` in the hub's SQLite file."""

    def __init__(
        self, rows: Rows, writing: Callable[[], AbstractContextManager[None]], connection: Any
    ) -> None:
        self._rows = rows
        self._writing = writing
        self._connection = connection

    def answers(self, lab: str, after: int = 0) -> list[StoredAnswer]:
        """Return the answers of a lab above a number, in order."""
        found = self._rows(
            "SELECT * FROM answer WHERE lab=? AND sequence>? ORDER BY sequence", lab, after
        )
        return [
            StoredAnswer(
                **{**row, "body": bytes(row["body"]), "signature": bytes(row["signature"])}
            )
            for row in found
        ]

    def add(self, answer: StoredAnswer) -> None:
        """Store an answer; its number must be the next one of its lab."""
        with self._writing():
            self._connection.execute(
                "INSERT INTO answer(lab, sequence, sha256, previous, made_at, body, signature) "
                "VALUES(?,?,?,?,?,?,?)",
                (answer.lab, answer.sequence, answer.sha256, answer.previous, answer.made_at,
                 answer.body, answer.signature),
            )  # fmt: skip

    def merges(self) -> list[HubMerge]:
        """Return every merge and every undoing, oldest first."""
        return [merge_of(row) for row in self._rows("SELECT * FROM unknown_merge ORDER BY id")]

    def merge(self, merge: HubMerge) -> None:
        """Write down that two codes are one, or no longer."""
        with self._writing():
            write_merge(self._connection, merge)


def merge_of(row: Mapping[str, Any]) -> HubMerge:
    """Return a merge from its row."""
    return HubMerge(
        at=row["at"], by=row["by"], code=row["code"], into=row["into_code"], reason=row["reason"]
    )


def write_merge(connection: Any, merge: HubMerge) -> None:
    """Write a merge inside a transaction of somebody else."""
    connection.execute(
        "INSERT INTO unknown_merge(at, by, code, into_code, reason) VALUES(?,?,?,?,?)",
        (merge.at, merge.by, merge.code, merge.into, merge.reason),
    )


def leading(merges: Sequence[HubMerge]) -> Callable[[str], str]:
    """Return where a code leads: the last word on each code counts, and a circle ends."""
    into = {each.code: each.into for each in merges}

    def lead(code: str) -> str:
        seen = {code}
        while (following := into.get(code, "")) and following not in seen:
            code = following
            seen.add(code)
        return code

    return lead
