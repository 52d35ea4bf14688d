"""Reports on a sample as the screens use them: one service call each.

Mixed into `tui.record.Record`, which holds the lab and who acts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lims.certificate_model import Certificate, Copy, Wanted
    from lims.lab import Lab


class CertificateActs:
    """What a person at the screens does with reports on one sample."""

    _lab: Lab
    _me: str

    def certificates(self, sample: str) -> Sequence[Certificate]:
        """Return every report that covers a sample, newest first."""
        from lims import certificate_queries

        return certificate_queries.listed(self._lab, subject=sample, everything=True)

    def certificate_lines(self, number: str) -> Sequence[str]:
        """Return what a report says, where it stands and what it lacks, line by line."""
        from lims import certificate_queries
        from reports import certificate_text

        return certificate_text.lines(self._lab, certificate_queries.certificate(self._lab, number))

    def draft_certificate(
        self, subject: str, typed: Mapping[str, str], *, preliminary: bool
    ) -> Certificate:
        """Write a report on a sample, or its draft anew."""
        from lims import certificates

        return certificates.draft(
            self._lab, self._me, subject, wanted(typed), preliminary=preliminary
        )

    def amend_certificate(self, number: str, typed: Mapping[str, str]) -> Certificate:
        """Write the report that amends an issued one."""
        from lims import certificates

        return certificates.amend(
            self._lab, self._me, number, wanted(typed), reason=typed["reason"]
        )

    def review_certificate(
        self, number: str, typed: Mapping[str, str], *, accept: bool
    ) -> Certificate:
        """Accept a report at the step it waits for, or send it back."""
        from lims import certificate_release

        return certificate_release.review(
            self._lab,
            self._me,
            number,
            accept=accept,
            remark=typed.get("remark", ""),
            remote=typed.get("remote", ""),
        )

    def issue_certificate(self, number: str) -> Certificate:
        """Issue a report and write its files."""
        from reports import certificate_issue

        return certificate_issue.issue(self._lab, self._me, number)[0]

    def withdraw_certificate(self, number: str, reason: str) -> Certificate:
        """Ask for the withdrawal of a report, or carry out the one asked for."""
        from reports import certificate_issue

        return certificate_issue.withdraw(self._lab, self._me, number, reason=reason)

    def give_certificate(self, number: str, typed: Mapping[str, str]) -> Copy:
        """Record who was given a copy of a report."""
        from lims import certificate_copies
        from lims.certificate_model import CopyForm
        from lims.errors import RecordError

        try:
            form = CopyForm(typed["form"].strip().lower() or "pdf")
        except ValueError as error:
            raise RecordError(
                f"{typed['form'][:40]!r} is no form of a copy",
                hint=f"One of {', '.join(CopyForm)}.",
            ) from error
        return certificate_copies.give(
            self._lab, self._me, number, typed["to"], form=form, how=typed["how"]
        )

    def print_certificate(self, number: str, folder: Path) -> Path:
        """Write a report as PDF into a folder, marked as it stands; return the file."""
        from lims import certificate_queries
        from lims.errors import ConfigError
        from reports import certificate_files

        of = certificate_queries.certificate(self._lab, number)
        target = folder / f"{of.number}.pdf"
        if target.exists():
            raise ConfigError(f"{target} is there already", hint="Move it away first.")
        target.write_bytes(certificate_files.rendered(self._lab, of, "pdf"))
        return target


def wanted(typed: Mapping[str, str]) -> Wanted:
    """Return what was typed into the fields of a report; an empty field changes nothing."""
    from lims.certificate_model import Wanted

    def one(name: str) -> str | None:
        return typed.get(name, "").strip() or None

    def each(name: str) -> tuple[str, ...] | None:
        text = one(name)
        return None if text is None else (text,)

    return Wanted(
        customer=one("customer"),
        reference=one("reference"),
        condition=one("condition"),
        opinions=each("opinion"),
        departures=each("departure"),
    )
