"""The office around the bench as the screens use it: one service call each.

Mixed into `tui.record.Record`, which holds the lab and who acts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from spectra.errors import LabError
from tui import typed_values

if TYPE_CHECKING:
    from lims.case_model import CaseFile, CaseLine, Resemblance
    from lims.cover import Cover, LongWait, NextCover
    from lims.lab import Lab
    from lims.office_notices import OfficeNotice
    from lims.other_labs import LabTransfer
    from lims.outside_answers import Outside
    from lims.shifts import ShiftClock, Window
    from lims.turnaround import Turnaround
    from tui.office_overview import OfficeRow


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftView:
    """The clock, who is here, and what waits for somebody to come."""

    clock: ShiftClock
    next_cover: NextCover
    cover: tuple[Cover, ...]
    waits: tuple[LongWait, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Samples sent to another lab, and those the record refused to send, each with its reason."""

    samples: tuple[str, ...]
    refused: tuple[tuple[str, str], ...]


class OfficeActs:
    """What a person at the screens does around the bench."""

    _lab: Lab
    _me: str

    def window(self) -> ShiftClock:
        """Return the window that counts now."""
        from lims import shifts

        return shifts.shift_clock(self._lab)

    def office(self) -> Sequence[OfficeRow]:
        """Return how each part of the office stands."""
        from tui.office_overview import overview

        return overview(self._lab, self._me)

    def cases(self, *, everything: bool) -> Sequence[CaseLine]:
        """Return open cases, closed ones too when asked."""
        from lims import case_queries

        return case_queries.listed(self._lab, everything=everything)

    def case(self, number: str) -> tuple[CaseFile, Sequence[Resemblance]]:
        """Return a case, and the parcels that remind of it and wait for a person to look."""
        from lims import case_queries

        found = case_queries.show(self._lab, number)
        near = [each for each in case_queries.waiting(self._lab) if each.case == found.number]
        return found, near

    def sample_of_case(self, number: str) -> str:
        """Return the sample that was linked to a case last; empty where it holds none."""
        from lims import case_queries, ids, queries

        for link in reversed(case_queries.show(self._lab, number).links):
            if ids.kind_of(link.subject) == ids.SAMPLE:
                return link.subject
            inside = queries.samples_of(self._lab, link.subject)
            if inside:
                return inside[-1].number
        return ""

    def open_case(self, title: str, subjects: Sequence[str]) -> CaseFile:
        """Open a case with what it starts from."""
        from lims import cases

        return cases.open_case(self._lab, self._me, title, subjects)

    def link_case(
        self, number: str, subject: str, reason: str, *, elsewhere: bool = False
    ) -> CaseFile:
        """Link a shipment or sample to a case."""
        from lims import cases
        from lims.case_model import LinkRole

        role = LinkRole.LINKED_SEIZURE if elsewhere else LinkRole.PORT
        return cases.link(self._lab, self._me, number, subject, role=role, reason=reason)

    def into_case(self, typed: str, subject: str, reason: str) -> CaseFile:
        """Link to the case whose number was typed, or open one of that title."""
        from lims import ids
        from lims.errors import NotFoundError

        try:
            is_number = ids.kind_of(typed) == ids.CASE
        except NotFoundError:
            is_number = False
        if is_number:
            return self.link_case(typed, subject, reason)
        return self.open_case(typed, [subject])

    def dismiss_likeness(self, number: str, shipment: str, reason: str) -> CaseFile:
        """Say that a parcel has nothing to do with a case."""
        from lims import cases

        return cases.dismiss(self._lab, self._me, number, shipment, reason=reason)

    def write_outcome(self, number: str, typed: Mapping[str, str]) -> CaseFile:
        """Write back what became of a case, as typed."""
        from lims import cases
        from lims.case_model import Outcome

        return cases.write_outcome(
            self._lab,
            self._me,
            number,
            Outcome(typed["kind"].replace(" ", "_")),
            typed["text"],
            subject=typed["subject"],
            substance=typed["substance"],
            mass_ug=typed_values.mass_ug(typed["mass"]),
            occurred_on=typed_values.day(typed["day"]),
            source=typed["source"],
        )

    def close_case(self, number: str, reason: str) -> CaseFile:
        """Close a case that has an outcome."""
        from lims import cases

        return cases.close_case(self._lab, self._me, number, reason=reason)

    def connections(self, sample: str) -> tuple[Sequence[CaseFile], Sequence[Resemblance]]:
        """Return the cases of a sample, and those its parcel reminds of."""
        from lims import case_queries, queries

        found = queries.sample_record(self._lab, sample)
        return (
            case_queries.cases_of(self._lab, found.sample.number),
            case_queries.resemblances(self._lab, found.shipment.number),
        )

    def likenesses(self, *shipments: str) -> Sequence[Resemblance]:
        """Return the cases that parcels share a party with."""
        from lims import case_queries

        lab = self._lab
        return [each for name in shipments for each in case_queries.resemblances(lab, name)]

    def shift(self, *, everything: bool) -> ShiftView:
        """Return clock, cover and long waits; waits that are met in time too when asked."""
        from lims import cover, shifts

        return ShiftView(
            clock=shifts.shift_clock(self._lab),
            next_cover=cover.next_cover(self._lab),
            cover=cover.listed(self._lab),
            waits=cover.long_waits(self._lab, everything=everything),
        )

    def set_windows(self, typed: str, reason: str) -> Sequence[Window]:
        """Set the windows of the week, those typed with semicolons between."""
        from lims import shifts

        windows = shifts.parsed([part for part in typed.split(";") if part.strip()])
        return shifts.set_calendar(self._lab, self._me, windows, reason=reason)

    def plan_cover(self, person: str, starts: str, ends: str, remark: str) -> Cover:
        """Plan that somebody is present, moments as typed."""
        from lims import cover

        zone = self._lab.zone
        return cover.plan(
            self._lab,
            self._me,
            person,
            typed_values.moment(starts, zone),
            typed_values.span_end(ends, zone),
            remark=remark,
        )

    def cancel_cover(self, number: int, reason: str) -> None:
        """Take a planned presence back."""
        from lims import cover

        cover.cancel(self._lab, self._me, number, reason=reason)

    def send_samples(self, samples: Sequence[str], to: str, remark: str) -> Sent:
        """Send samples to another lab; one that is refused does not stop the others."""
        from lims import other_labs

        sent, refused = [], []
        for sample in samples:
            try:
                sent.append(other_labs.send(self._lab, self._me, sample, to, remark=remark).sample)
            except LabError as error:
                if len(samples) == 1:
                    raise
                refused.append((sample, error.message))
        return Sent(samples=tuple(sent), refused=tuple(refused))

    def arrived(self, sample: str, received_by: str) -> LabTransfer:
        """Record that the other lab has a sample."""
        from lims import other_labs

        return other_labs.arrived(self._lab, self._me, sample, received_by=received_by)

    def outside(self, *, everything: bool) -> Sequence[Outside]:
        """Return what is at other labs, answered too when asked."""
        from lims import outside_answers

        return outside_answers.listed(self._lab, everything=everything)

    def answer_outside(self, of: Outside, substance: str, reference: str, remark: str) -> None:
        """Record what another lab answered."""
        from lims import outside_answers

        outside_answers.answer(
            self._lab, self._me, of, substance=substance, reference=reference, remark=remark
        )

    def notices(self, *, everything: bool) -> Sequence[OfficeNotice]:
        """Return the notices the person signed in may read; answered ones too when asked."""
        from lims import office_notices

        return office_notices.listed_for(self._lab, self._me, everything=everything)

    def send_notice(
        self, sample: str, to: str, *, text: str, until: str, embargo: bool
    ) -> OfficeNotice:
        """Offer a parcel to investigators; ``until`` as typed, else the window's close."""
        from lims import clock, office_notices

        closes: datetime | None = typed_values.closing(until, clock.now(), self._lab.zone)
        return office_notices.send(
            self._lab, self._me, sample, to, text=text, closes_at=closes, embargo=embargo
        )

    def answer_notice(self, number: int, *, accept: bool, reason: str) -> OfficeNotice:
        """Record that an offer was accepted or declined."""
        from lims import office_notices

        return office_notices.answer(self._lab, self._me, number, accept=accept, reason=reason)

    def seen_notice(self, number: int) -> OfficeNotice:
        """Record that a changed answer was read."""
        from lims import office_notices

        return office_notices.seen(self._lab, self._me, number)

    def lift_embargo(self, number: int, reason: str) -> OfficeNotice:
        """Put a sample back on the officers' board."""
        from lims import office_notices

        return office_notices.lift(self._lab, self._me, number, reason=reason)

    def turnaround(self, days: int) -> Turnaround:
        """Return how long each stage takes."""
        from lims import turnaround

        return turnaround.turnaround(self._lab, days)
