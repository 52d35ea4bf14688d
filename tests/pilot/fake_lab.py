"""A small laboratory in memory that answers the screens; its spectra are made of bands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np

from lims.case_model import CaseFile, Resemblance
from lims.errors import NotFoundError, PermissionDenied
from lims.model import (
    Alert,
    BoardRow,
    Conclusion,
    ConclusionLevel,
    Event,
    Finding,
    FindingState,
    Lane,
    Person,
    Portion,
    Quarantined,
    QuarantineState,
    ReportRow,
    Role,
    Run,
    Sample,
    SampleDraft,
    SampleRecord,
    SampleState,
    Shipment,
    ShipmentDraft,
    ShipmentState,
    Transfer,
    WorkRow,
)
from lims.presence import Proof
from lims.sample_history import SampleHistory
from lims.shifts import ShiftClock
from lims.stages import Going, Stage
from spectra.axis import XKind, YKind
from spectra.spectrum import Spectrum
from tui.record import Identity, Record
from tui.signing_acts import Door, Result

NOW = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
PEOPLE = {
    "ana": Person(id="ana", name="Ana Lyst", roles=frozenset({Role.ANALYST})),
    "rev": Person(id="rev", name="Rhea Viewer", roles=frozenset({Role.REVIEWER})),
    "off": Person(id="off", name="Olaf Officer", roles=frozenset({Role.OFFICER})),
    "lia": Person(id="lia", name="Lia Liaison", roles=frozenset({Role.LIAISON})),
}
NUMBER = "NOG-26-00001-K"


def match_entry() -> dict[str, object]:
    """Return a stored match: one infrared spectrum, four hits."""
    hits = [
        ("cocaine HCl", 0.962),
        ("cocaine base", 0.811),
        ("levamisole HCl", 0.604),
        ("lidocaine HCl", 0.541),
    ]
    return {
        "path": "jar.jdx",
        "technique": "ftir",
        "spectra": [
            {
                "title": "jar",
                "quality": {"ok": True, "reasons": []},
                "decision": {
                    "state": "match",
                    "substances": ["cocaine"],
                    "isomer_group": [],
                    "alpha": 0.05,
                    "n_calibration": 312,
                    "reasons": ["0.151 ahead of the next substance"],
                },
                "hits": [
                    {
                        "rank": i + 1,
                        "name": name,
                        "substance": name.split()[0],
                        "inchikey": "",
                        "library": "bench",
                        "library_version": "3",
                        "entry": f"e{i}",
                        "hqi": hqi,
                        "measures": {},
                    }
                    for i, (name, hqi) in enumerate(hits)
                ],
                "analogue": None,
                "mixture": None,
                "hazard": None,
            }
        ],
        "elapsed_ms": {"read": 1, "search": 2, "total": 3},
    }


class FakeRecord(Record):
    """Answers in place of the services; keeps what was done."""

    def __init__(self, person: str = "rev", *, rows: int = 3) -> None:
        self.me, self.rows, self.acts = person, rows, []
        self.acknowledged = ""
        self.pages: list[int] = []
        self.version = 1
        self.state = FindingState.SUBMITTED
        self.reviewer = ""
        self.opened = False
        self.has_files = False
        self.instruments: tuple[str, ...] = ()
        self.dismissed: list[str] = []
        self.gate: Callable[[Stage], object] = lambda _: None

    def close(self) -> None:
        self.opened = False

    def door(self) -> Door:
        return Door(is_required=False, idle=timedelta(minutes=2))

    def admitted(self, work: Callable[[Record], Result]) -> Result:
        return work(self)

    def signed(self, proofs: Sequence[Proof], work: Callable[[Record], Result]) -> Result:
        return work(self)

    def leave_seat(self) -> None:
        """Nobody signed in."""

    def identity(self) -> Identity:
        return Identity(
            person=PEOPLE[self.me],
            site="NOG",
            lab="Nogales",
            timezone="America/Phoenix",
            training=True,
            raw_folder=Path("raw"),
            libraries_folder=Path("libraries"),
        )

    def people(self) -> Sequence[Person]:
        return list(PEOPLE.values())

    def data_version(self) -> object:
        return self.version

    def work_count(self, find: str) -> int:
        return self.rows if not find else 1

    def _row(self, index: int) -> WorkRow:
        first = index == 0
        return WorkRow(
            sample=NUMBER if first else f"NOG-26-{index + 1:05d}-X",
            shipment="S-1",
            description="white powder in a jar",
            declared="organic pigment set",
            lane="quick",
            state="stored",
            holder="ana",
            submitted_at=NOW - timedelta(minutes=12 * (index + 1)),
            priority=5 if first else 0,
            hazard="H1" if first else "",
            unacknowledged=first and not self.acknowledged,
            status="to review" if first else "waiting",
            answer="presumptive: cocaine" if first else "",
        )

    def work_page(self, offset: int, limit: int, find: str, order: str) -> Sequence[WorkRow]:
        self.pages.append(offset)
        return [self._row(i) for i in range(offset, min(offset + limit, self.work_count(find)))]

    def board(self) -> Sequence[BoardRow]:
        answered = self.state is FindingState.REVIEWED
        return [
            BoardRow(
                sample=NUMBER,
                shipment="S-1",
                submitted_at=NOW - timedelta(minutes=12),
                lane="quick",
                status="answered" if answered else "to review",
                answer="presumptive: cocaine" if answered else "waiting",
                hazard=True,
                age_minutes=12,
                answered_minutes=11 if answered else None,
            ),
            BoardRow(
                sample="NOG-26-00002-X",
                shipment="S-2",
                submitted_at=NOW - timedelta(hours=4),
                lane="full",
                status="waiting",
                answer="waiting",
                hazard=False,
                age_minutes=245,
                answered_minutes=None,
            ),
        ]

    def _alert(self) -> Alert:
        return Alert(
            id="al1",
            kind="hazard",
            sample=NUMBER,
            shipment="S-1",
            headline="Do not open without protection: high hazard group H1",
            where="shelf B2",
            detail="candidate: fentanyl class",
            raised_at=NOW,
            acknowledged_by=self.acknowledged,
            acknowledged_at=NOW if self.acknowledged else None,
        )

    def waiting_files(self) -> int:
        return len(self.quarantined(everything=False)) if self.has_files else 0

    def quarantined(self, *, everything: bool) -> Sequence[Quarantined]:
        whys = (
            ("run 12.spa", "no sample number in its name or its metadata", ""),
            (
                "NOG-26-00001-X.jdx",
                "NOG-26-00001-X (file name) looks like a sample number, but its check character "
                "is wrong; did you mean NOG-26-00001-K?",
                "",
            ),
            ("bag2.D", "Ana Lyst never held NOG-26-00002-X and cannot have measured it", NUMBER),
        )
        rows = [
            Quarantined(
                seq=20 + at,
                number=f"Q{at}-{'KM7'[at - 1]}",
                state=QuarantineState.WAITING,
                sample=sample,
                file_name=name,
                raw_sha256=f"{at}f" * 32,
                size=41_341 * at,
                reason=why,
                at=NOW - timedelta(minutes=7 * at),
                by="ana",
            )
            for at, (name, why, sample) in enumerate(whys, 1)
        ]
        closed = [
            replace(
                row, state=QuarantineState.DISMISSED, remark="x", closed_at=NOW, closed_by="ana"
            )
            if row.number in self.dismissed
            else row
            for row in rows
        ]
        return [row for row in closed if everything or row.state is QuarantineState.WAITING]

    def link_file(self, number: str, sample: str, *, portion: str, instrument: str = "") -> Finding:
        if sample != NUMBER:
            raise NotFoundError(f"no sample {sample}", hint="Scan the label again.")
        named = (instrument,) if instrument else ()
        self.acts.append(("link_file", number, sample, portion, *named))
        self.dismissed.append(number)
        return self._finding()

    def take_run(
        self, path: Path, sample: str, *, portion: str, instrument: str, going: Going
    ) -> Finding:
        for stage in Stage:
            going(stage)
            self.gate(stage)
        named = (instrument,) if instrument else ()
        self.acts.append(("take_run", path.name, sample, portion, *named))
        return self._finding()

    def instrument_names(self) -> Sequence[str]:
        return self.instruments

    def dismiss_file(self, number: str, reason: str) -> None:
        self.acts.append(("dismiss_file", number, reason))
        self.dismissed.append(number)

    def alerts(self, *, everything: bool) -> Sequence[Alert]:
        alert = self._alert()
        return [alert] if everything or not alert.acknowledged_by else []

    def acknowledge(self, alert: str) -> None:
        self.acts.append(("acknowledge", alert, self.me))
        self.acknowledged = self.me

    def _finding(self) -> Finding:
        return Finding(
            id="f1",
            run="r1",
            sample=NUMBER,
            technique="ftir",
            state=self.state,
            headline="presumptive: cocaine",
            level="match",
            substances=("cocaine",),
            classes=(),
            hazard="H1",
            match=match_entry(),
            by="ana",
            at=NOW,
            reviewer=self.reviewer,
        )

    def sample(self, number: str) -> SampleRecord:
        if number != NUMBER:
            raise NotFoundError(f"no sample {number}", hint="Scan the label again.")
        sample = Sample(
            number=NUMBER,
            shipment="S-1",
            state=SampleState.STORED,
            draft=SampleDraft(
                description="white powder in a jar",
                field_tool="TruNarc",
                field_result="no match",
                lane=Lane.QUICK,
            ),
            holder="ana",
            seal="A123",
            submitted_at=NOW - timedelta(minutes=12),
            priority=5,
        )
        shipment = Shipment(
            number="S-1",
            state=ShipmentState.HELD,
            received_at=NOW,
            received_by="off",
            draft=ShipmentDraft(
                declared_goods="organic pigment set",
                declared_value="10 USD",
                declared_weight="1.5 kg",
                freight="38 USD",
                origin="CN",
                destination_country="US",
                destination="New Jersey",
            ),
            notes=("6.67 USD per kg; freight above goods value",),
        )
        steps = [("received", "", "off"), ("transfer", "off", "ana")]
        custody = tuple(
            Transfer(
                seq=i + 1,
                sample=NUMBER,
                at=NOW - timedelta(minutes=12 - i),
                kind=kind,
                giver=giver,
                taker=taker,
                seal_before="A123" if giver else "",
                seal_after="A123",
            )
            for i, (kind, giver, taker) in enumerate(steps)
        )
        run = Run(
            id="r1",
            sample=NUMBER,
            portion="p1",
            technique="ftir",
            file_name="jar.jdx",
            raw_sha256="ab" * 32,
            format="jcamp",
            reader="jcamp",
            at=NOW,
            by="ana",
        )
        return SampleRecord(
            sample=sample,
            shipment=shipment,
            custody=custody,
            portions=(Portion(id="p1", sample=NUMBER, kind="neat"),),
            runs=(run,),
            findings=(self._finding(),),
            alerts=(self._alert(),),
        )

    def review(self, finding: str, *, accept: bool, remark: str) -> Finding:
        if self.me == "ana":
            raise PermissionDenied("nobody reviews their own work", hint="Ask a second person.")
        self.acts.append(("review", accept, remark))
        self.state = FindingState.REVIEWED if accept else FindingState.SENT_BACK
        self.reviewer = self.me
        return replace(self._finding())

    def conclude(self, sample: str) -> Conclusion:
        self.acts.append(("conclude", sample))
        return Conclusion(
            sample=sample,
            level=ConclusionLevel.PRESUMPTIVE,
            text="cocaine",
            substances=("cocaine",),
            classes=(),
            findings=("f1",),
            missing=("a second technique",),
            rule="one",
            by=self.me,
            at=NOW,
        )

    def transfer(
        self,
        sample: Sample,
        taker: str,
        *,
        seal: str,
        reason: str,
        witness: str,
        confirmed_by: str = "",
    ) -> str:
        self.acts.append(("transfer", sample.number, taker, seal, reason, confirmed_by))
        return f"handed to {taker}"

    def places(self) -> Sequence[str]:
        return ("place:safe",)

    def window(self) -> ShiftClock:
        return ShiftClock(windows=(), at=NOW, opening=None)

    def connections(self, sample: str) -> tuple[Sequence[CaseFile], Sequence[Resemblance]]:
        return (), ()

    def likenesses(self, *shipments: str) -> Sequence[Resemblance]:
        return ()

    def story(self, sample: str) -> SampleHistory:
        return SampleHistory(
            sample=sample,
            handovers=(),
            weighings=(),
            authorities=(),
            consumed=(),
            holds=(),
            disposals=(),
            corrections=(),
            seal_notes=(),
            files=(),
        )

    def release(self, shipment: str, reason: str) -> None:
        self.acts.append(("release", shipment, reason))

    def seize(self, shipment: str, reason: str) -> None:
        self.acts.append(("seize", shipment, reason))

    def take_in(
        self,
        shipment: ShipmentDraft,
        sample: SampleDraft,
        *,
        form: str,
        known: str = "",
        badge: bool = False,
    ) -> tuple[Shipment, Sample]:
        self.acts.append(("take_in", shipment, sample))
        record = self.sample(NUMBER)
        return record.shipment, record.sample

    def event_count(self) -> int:
        return 3

    def newest_events(self, offset: int, limit: int) -> Sequence[Event]:
        return [
            Event(
                seq=seq,
                event_id=f"e{seq}",
                at="2026-11-24T08:30:00.000Z",
                actor="ana",
                kind="sample.received",
                body={"n": seq},
                prev=bytes([seq - 1]) * 32,
                hash=bytes([seq]) * 32,
            )
            for seq in (3, 2, 1)
        ][offset : offset + limit]

    def daily(self, day: date | None) -> object:
        from reports import daily
        from reports.document import LabFacts, SubstanceFact

        xylazine = SubstanceFact(name="xylazine", class_name="sedative", role="adulterant")
        facts = LabFacts(
            site="NOG",
            name="Nogales",
            timezone="America/Phoenix",
            training=True,
            complete=False,
            substances={"xylazine": xylazine},
        )
        rows = [_tested("xylazine"), _tested(), _tested("xylazine", waiting=True)]
        return daily.compose(rows, [], day or date(2026, 11, 24), facts)


def _tested(*substances: str, waiting: bool = False) -> ReportRow:
    """Return a row as reports count it."""
    number = f"NOG-26-{len(substances):02d}{int(waiting)}"
    return ReportRow(
        sample=number,
        shipment=f"P-{number}",
        submitted_at=NOW - timedelta(minutes=40),
        concluded_at=None if waiting else NOW - timedelta(minutes=9),
        lane="quick",
        stream="express",
        origin="CN",
        destination_country="US",
        destination="New Jersey",
        declared_goods="silicon dioxide",
        declared_value="10 USD",
        declared_weight="1.5 kg",
        notes=("declared silicon dioxide, found xylazine",) if substances else (),
        level="" if waiting else ("presumptive" if substances else "no_match"),
        substances=() if waiting else substances,
        classes=(),
        text="presumptive: xylazine" if substances else "no match",
        candidate=None,
        techniques=("ftir",),
        hazard="",
        shipment_state="held",
        field_result="",
        training=True,
    )


BANDS = ((1730, 0.8), (1711, 1.0), (1452, 0.2), (1267, 0.9), (1106, 0.6), (974, 0.3), (729, 0.8))


def infrared(*bands: tuple[float, float], title: str = "jar") -> Spectrum:
    """Return Lorentzian bands over 4000 to 400 cm-1, without noise."""
    x = np.linspace(4000, 400, 3600)
    y = 0.02 + sum(height / (1 + ((x - at) / 8) ** 2) for at, height in bands)
    return Spectrum(
        title=title,
        x=x,
        y=np.asarray(y),
        x_kind=XKind.WAVENUMBER,
        x_unit="cm-1",
        y_kind=YKind.ABSORBANCE,
        y_unit="1",
    )
