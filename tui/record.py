"""The record as the screens use it: one method per question or act, each one service call.

Holds an open lab and who acts. Services are imported on use, so that the first frame costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lims.model import (
    Alert,
    BoardRow,
    Conclusion,
    Event,
    Finding,
    Person,
    Quarantined,
    SampleRecord,
    WorkRow,
)
from lims.workflow import EXAMINERS
from tui.certificate_acts import CertificateActs
from tui.custody_acts import CustodyActs
from tui.hand_acts import HandActs
from tui.office_acts import OfficeActs
from tui.practice_acts import PracticeActs
from tui.seat import Seat
from tui.signing_acts import SigningActs

if TYPE_CHECKING:
    from lims.audit import AuditReport
    from lims.control_record import ControlValue
    from lims.lab import Lab
    from lims.library_care import LabLibrary
    from lims.stages import Going
    from lims.unknown_model import Cluster, ClusterRecord
    from reports.document import DailyReport
    from tui.quality_words import QualityRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What stands at the top of every screen."""

    person: Person
    site: str
    lab: str
    timezone: str
    training: bool
    raw_folder: Path
    libraries_folder: Path


class Record(CustodyActs, OfficeActs, HandActs, PracticeActs, CertificateActs, SigningActs):
    """An open lab and the person signed in. Not shared between threads.

    Parameters
    ----------
    lab : Lab
    person_id : str
        Who acts as long as nobody sits at ``seat`` with a session.
    seat : Seat, optional
        Who sits at this terminal, shared by all records an app opens.
    """

    def __init__(self, lab: Lab, person_id: str, seat: Seat | None = None) -> None:
        self._lab = lab
        self._seat = seat or Seat()
        self._me = self._seat.person or person_id
        if self._seat.token:
            lab.presence.take(self._seat.token)

    @classmethod
    def open(cls, folder: Path, person_id: str, seat: Seat | None = None) -> Record:
        """Open the lab folder; raise what the record says when it cannot."""
        from lims.lab import open_lab

        return cls(open_lab(folder), person_id, seat)

    def close(self) -> None:
        """Close the lab."""
        self._lab.close()

    def identity(self) -> Identity:
        """Return lab and person."""
        from lims import people

        lab = self._lab
        return Identity(
            person=people.person(lab, self._me),
            site=lab.site,
            lab=lab.name,
            timezone=lab.timezone,
            training=lab.training,
            raw_folder=lab.raw_folder,
            libraries_folder=lab.libraries_folder,
        )

    def people(self) -> Sequence[Person]:
        """Return everybody who may act."""
        from lims import people

        return [person for person in people.people(self._lab) if person.active]

    def work_count(self, find: str) -> int:
        """Return how many samples the work list holds."""
        from lims import queries

        return queries.work_count(self._lab, find=find)

    def work_page(self, offset: int, limit: int, find: str, order: str) -> Sequence[WorkRow]:
        """Return one page of the work list."""
        from lims import queries

        return queries.work_page(self._lab, offset, limit, find=find, order=order)

    def board(self) -> Sequence[BoardRow]:
        """Return the officers' board."""
        from lims import queries

        return queries.board(self._lab)

    def sample(self, number: str) -> SampleRecord:
        """Return everything about one sample."""
        from lims import queries

        return queries.sample_record(self._lab, number)

    def data_version(self) -> object:
        """Return something that changes whenever the record does."""
        from lims import queries

        return queries.data_version(self._lab)

    def alerts(self, *, everything: bool) -> Sequence[Alert]:
        """Return open notices, or all: an officer's own and those near them, a scientist's all."""
        from lims import alerts, people

        if people.person(self._lab, self._me).roles & EXAMINERS:
            return alerts.open_alerts(self._lab, include_acknowledged=everything)
        return alerts.alerts_for(self._lab, self._me, include_acknowledged=everything)

    def unknowns(self, *, everything: bool) -> Sequence[Cluster]:
        """Return the clusters of unknowns, merged ones too when asked."""
        from lims import unknown_queries

        return unknown_queries.listed(self._lab, state="all" if everything else "")

    def unknown(self, code: str) -> ClusterRecord:
        """Return everything about one cluster of unknowns."""
        from lims import unknown_queries

        return unknown_queries.show(self._lab, code)

    def merge_unknown(self, code: str, into: str, reason: str) -> ClusterRecord:
        """Declare two clusters to be one unknown."""
        from lims import unknown_care

        return unknown_care.merge(self._lab, self._me, code, into, reason)

    def split_unknown(self, code: str, which: Sequence[str], reason: str) -> ClusterRecord:
        """Take samples or findings out of a cluster."""
        from lims import unknown_care

        return unknown_care.split(self._lab, self._me, code, which, reason)

    def name_unknown(self, code: str, substance: str, reason: str) -> ClusterRecord:
        """Say what an unknown was found to be."""
        from lims import unknown_care

        return unknown_care.name(self._lab, self._me, code, substance, reason)

    def dismiss_candidate(self, finding: str, reason: str) -> Finding:
        """Dismiss the analogue candidate of a finding."""
        from lims import review

        return review.judge_candidate(self._lab, self._me, finding, confirm=False, remark=reason)

    def send_candidate(self, finding: str, to: str) -> None:
        """Send the analogue candidate of a finding to a regional lab."""
        from lims import candidate_requests

        candidate_requests.send(self._lab, self._me, finding, to)

    def libraries(self) -> Sequence[LabLibrary]:
        """Return every library version that the disk or the record knows."""
        from lims import library_care

        return library_care.libraries(self._lab)

    def take_run(
        self, path: Path, sample: str, *, portion: str, instrument: str, going: Going
    ) -> Finding:
        """Record a file as a run of a sample; ``going`` hears of each stage and may stop it."""
        from lims import examination

        return examination.ingest(
            self._lab,
            self._me,
            path,
            sample,
            portion=self._portion_id(sample, portion),
            instrument=instrument,
            going=going,
        )

    def instrument_names(self) -> Sequence[str]:
        """Return the names of the lab's instruments."""
        from lims import bench_instruments

        return [each.name for each in bench_instruments.instruments(self._lab)]

    def waiting_files(self) -> int:
        """Return how many files wait in quarantine."""
        from lims import quarantine

        return quarantine.waiting(self._lab)

    def quarantined(self, *, everything: bool) -> Sequence[Quarantined]:
        """Return the files that wait in quarantine, or all that ever did."""
        from lims import quarantine

        return quarantine.listed(self._lab, everything=everything)

    def link_file(self, number: str, sample: str, *, portion: str, instrument: str = "") -> Finding:
        """Record a quarantined file as a run of a sample; a portion by its id or its number."""
        from lims import pickup

        portion = self._portion_id(sample, portion)
        return pickup.link(
            self._lab, self._me, number, sample, portion=portion, instrument=instrument
        )

    def dismiss_file(self, number: str, reason: str) -> None:
        """Close a quarantined file as no run of any sample."""
        from lims import quarantine

        quarantine.dismiss(self._lab, self._me, number, reason)

    def quality(self) -> Sequence[QualityRow]:
        """Return how every instrument and control stands."""
        from tui.quality_words import quality_rows

        return quality_rows(self._lab)

    def control_values(self, name: str) -> Sequence[ControlValue]:
        """Return the newest values of a control, as many as a chart shows."""
        from lims import controls

        return controls.values(self._lab, name, limit=400)

    def verify_instrument(self, name: str, file: str, standard: str) -> tuple[bool, str]:
        """Record a run of a standard; return whether it passed, in words too."""
        from lims import verification
        from tui.paths import typed_path
        from tui.quality_words import verification_words

        done = verification.verify(self._lab, self._me, name, typed_path(file), standard)
        return done.passed, verification_words(done)

    def record_control(self, name: str, typed: str, *, place: str, note: str) -> tuple[bool, str]:
        """Record a value of a control, typed or from a file; whether it was accepted, in words."""
        from lims import controls
        from lims.westgard import Verdict
        from tui.quality_words import recorded, verdict_words

        done = recorded(self._lab, self._me, name, typed, place=place, note=note)
        unit = controls.control(self._lab, name).unit
        return done.verdict is not Verdict.REJECTED, verdict_words(done, unit)

    def release_hold(self, number: int, reason: str) -> None:
        """Release held results with a reason."""
        from lims import holds

        holds.release(self._lab, self._me, number, reason=reason)

    def acknowledge(self, alert: str) -> None:
        """Acknowledge a notice as the person signed in."""
        from lims import alerts

        alerts.acknowledge(self._lab, self._me, alert)

    def review(self, finding: str, *, accept: bool, remark: str) -> Finding:
        """Accept a finding or send it back."""
        from lims import review

        return review.review(self._lab, self._me, finding, accept=accept, remark=remark)

    def propose(
        self,
        finding: str,
        *,
        progress: Callable[[int, int], None],
        is_cancelled: Callable[[], bool],
    ) -> Sequence[dict[str, Any]]:
        """Return structures proposed for the analogues of a finding; nothing is written."""
        from lims import proposing

        going = proposing.Going(progress=progress, is_cancelled=is_cancelled)
        return proposing.of_finding(self._lab, finding, going)

    def keep_proposals(self, finding: str, proposed: Sequence[dict[str, Any]]) -> None:
        """Keep proposals beside the candidate."""
        from lims import proposing

        proposing.record(self._lab, self._me, finding, proposed)

    def conclude(self, sample: str) -> Conclusion:
        """Conclude a sample by the encoded rule."""
        from lims import conclusion

        return conclusion.conclude(self._lab, self._me, sample)

    def release(self, shipment: str, reason: str) -> None:
        """Release a shipment."""
        from lims import disposition

        disposition.release(self._lab, self._me, shipment, reason)

    def seize(self, shipment: str, reason: str) -> None:
        """Record the seizure of a shipment."""
        from lims import disposition

        disposition.seize(self._lab, self._me, shipment, reason)

    def newest_events(self, offset: int, limit: int) -> Sequence[Event]:
        """Return one page of the event log, newest first."""
        from lims import audit

        last = self.event_count() - offset
        start = max(last - limit, 0)
        return list(reversed(audit.events(self._lab, start, max(last - start, 0))))

    def event_count(self) -> int:
        """Return how many events the log holds."""
        from lims import queries

        return queries.event_count(self._lab)

    def verify(self) -> AuditReport:
        """Check the whole chain."""
        from lims import audit

        return audit.verify(self._lab)

    def daily(self, day: date | None) -> DailyReport:
        """Return the figures of a day in the lab's time zone, today's when None."""
        from lims.clock import now
        from reports import daily

        return daily.collect(self._lab, day or now().astimezone(self._lab.zone).date())
