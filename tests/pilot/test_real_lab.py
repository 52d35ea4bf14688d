"""The same screens over the real services: a lab folder, a library of files, kept bytes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from lims import clock, examination, intake, library_care, people, queries
from lims.lab import create_lab
from lims.model import Lane, Person, Role, SampleDraft, SampleState, ShipmentDraft
from lims.stages import Stage
from spectra.spectrum import Spectrum, Technique
from tests.lims_builders import handed
from tests.pilot.conftest import press, settle
from tests.pilot.fake_lab import BANDS, NOW, infrared
from tests.pilot.screen_text import screen_text
from tui.app import FolApp
from tui.desk import Desk
from tui.record import Record
from tui.screens.board import Board
from tui.taking import Taking
from tui.widgets.spectrum_plot import SpectrumPlot

ACCEPT = ("f8", "tab", "tab", "enter")


def reference_bands(seed: int) -> list[tuple[float, float]]:
    random = np.random.default_rng(seed)
    places = random.uniform(600, 1800, 8)
    return [(float(at), float(random.uniform(0.2, 1.0))) for at in places]


def jcamp(spectrum: Spectrum) -> str:
    """Return a plain JCAMP-DX 4.24 file of a spectrum."""
    head = (
        f"##TITLE={spectrum.title}\n##JCAMP-DX=4.24\n##DATA TYPE=INFRARED SPECTRUM\n"
        f"##ORIGIN=test\n##OWNER=test\n##XUNITS=1/CM\n##YUNITS=ABSORBANCE\n"
        f"##XFACTOR=1\n##YFACTOR=1\n##FIRSTX={spectrum.x[0]:.6f}\n##LASTX={spectrum.x[-1]:.6f}\n"
        f"##FIRSTY={spectrum.y[0]:.6f}\n##NPOINTS={spectrum.x.size}\n##XYPOINTS=(XY..XY)\n"
    )
    pairs = zip(spectrum.x, spectrum.y, strict=True)
    return head + "".join(f"{x:.6f}, {y:.6f}\n" for x, y in pairs) + "##END=\n"


@pytest.fixture
def lab_folder(tmp_path: Path) -> Path:
    """A lab with one tested sample: its infrared is in the library, among eleven others."""
    files = tmp_path / "references"
    files.mkdir()
    for name, bands in [("lidocaine", BANDS)] + [
        (f"substance {n}", reference_bands(n)) for n in range(11)
    ]:
        (files / f"{name}.jdx").write_text(jcamp(infrared(*bands, title=name)))
    export = tmp_path / "parcel.jdx"
    query = infrared(*BANDS, title="unknown powder")
    noise = np.random.default_rng(1).normal(0, 0.002, query.y.size)
    export.write_text(jcamp(replace(query, y=query.y + noise)))
    with clock.running_from(lambda: NOW):
        founder = Person(id="lead", name="Lea Lead", roles=frozenset({Role.LEAD, Role.QUALITY}))
        lab = create_lab(
            tmp_path / "lab",
            site="NOG",
            name="Nogales",
            timezone="America/Phoenix",
            founder=founder,
            training=True,
        )
        people.add_person(lab, "lead", "ana", "Ana Lyst", frozenset({Role.ANALYST}))
        people.add_person(lab, "lead", "rev", "Rhea Viewer", frozenset({Role.REVIEWER}))
        people.add_person(lab, "lead", "off", "Olaf Officer", frozenset({Role.OFFICER}))
        library_care.import_library(lab, "lead", [files], "bench", "1", "own work", Technique.FTIR)
        draft = ShipmentDraft(
            declared_goods="silicon dioxide",
            declared_weight="1.5 kg",
            declared_value="10 USD",
            freight="38 USD",
            origin="CN",
            destination_country="US",
            destination="New Jersey",
        )
        shipment = intake.add_shipment(lab, "off", draft)
        sample = intake.add_sample(
            lab, "off", shipment.number, SampleDraft(description="white powder", lane=Lane.QUICK)
        )
        handed(lab, sample.number, "off", "ana")
        examination.ingest(lab, "ana", export, sample.number)
        lab.close()
    return tmp_path / "lab"


def opened(folder: Path, person: str) -> FolApp:
    return FolApp(folder, person, opener=lambda: Record.open(folder, person), glyphs="braille")


async def test_a_reviewer_sees_both_spectra_and_accepts(lab_folder: Path) -> None:
    with clock.running_from(lambda: NOW):
        app = opened(lab_folder, "rev")
        async with app.run_test(size=(80, 24)) as pilot:
            await settle(pilot)
            assert "to review" in screen_text(app)
            await press(pilot, "enter", "enter")
            plot = app.screen.query_one(SpectrumPlot)
            assert plot.data is not None, screen_text(app)
            assert plot.data.reference is not None
            shown = screen_text(app)
            assert "1711" in shown
            assert "lidocaine" in shown
            await press(pilot, *ACCEPT)
            assert "✓ accepted by rev" in screen_text(app)
        record = Record.open(lab_folder, "rev")
        (row,) = record.work_page(0, 10, "", "queue")
        assert row.status == "to conclude"
        record.close()


async def test_the_analyst_may_not_review_their_own_run(lab_folder: Path) -> None:
    with clock.running_from(lambda: NOW):
        app = opened(lab_folder, "ana")
        async with app.run_test(size=(80, 24)) as pilot:
            await settle(pilot)
            await press(pilot, "enter", "enter", *ACCEPT)
            assert "may not" in screen_text(app)


async def test_an_officer_gets_the_board(lab_folder: Path) -> None:
    with clock.running_from(lambda: NOW):
        app = opened(lab_folder, "off")
        async with app.run_test(size=(80, 24)) as pilot:
            await settle(pilot)
            assert isinstance(app.screen, Board)
            assert "NOG-26" in screen_text(app)
            assert "lidocaine" not in screen_text(app)


async def test_day_and_log_come_from_the_record(lab_folder: Path) -> None:
    with clock.running_from(lambda: NOW):
        app = opened(lab_folder, "lead")
        async with app.run_test(size=(80, 24)) as pilot:
            await settle(pilot)
            await press(pilot, "f5")
            shown = screen_text(app)
            assert "submitted 1" in shown
            assert "so far: the day is not over" in shown
            await press(pilot, "f7", "f8")
            assert "chain unbroken" in screen_text(app)


async def test_intake_registers_through_the_services(lab_folder: Path) -> None:
    with clock.running_from(lambda: NOW):
        app = opened(lab_folder, "off")
        async with app.run_test(size=(80, 24)) as pilot:
            await settle(pilot)
            await press(pilot, "f6", *"sand", "enter", *"1kg")
            app.screen.query_one("#field-description").value = "bag"  # type: ignore[attr-defined]
            await press(pilot, "f8")
            assert "✓ NOG-26" in screen_text(app)
        record = Record.open(lab_folder, "off")
        assert record.work_count("sand") == 1
        record.close()


async def test_a_run_is_taken_from_the_samples_screen(lab_folder: Path, tmp_path: Path) -> None:
    export = tmp_path / "second.jdx"
    export.write_text(jcamp(infrared(*reference_bands(3), title="second powder")))

    async def take(pilot: Pilot[int]) -> None:
        await press(pilot, "i")
        pilot.app.screen.query_one("#file", Input).value = str(export)
        pilot.app.screen.set_focus(pilot.app.screen.query_one("#yes"))
        await press(pilot, "enter")

    with clock.running_from(lambda: NOW):
        app = opened(lab_folder, "ana")
        async with app.run_test(size=(80, 24)) as pilot:
            await settle(pilot)
            await press(pilot, "enter")
            await take(pilot)
            assert ".R2 is recorded" in screen_text(app)
            await take(pilot)
            assert ".R2 was on record already: the same bytes" in screen_text(app)
        record = Record.open(lab_folder, "ana")
        (row,) = record.work_page(0, 10, "", "queue")
        sample = record.sample(row.sample)
        record.close()
    assert [run.file_name for run in sample.runs] == ["parcel.jdx", "second.jdx"]
    assert len(sample.findings) == 2


async def test_a_stopped_run_leaves_no_more_than_its_bytes(
    lab_folder: Path, tmp_path: Path
) -> None:
    export = tmp_path / "second.jdx"
    export.write_text(jcamp(infrared(*reference_bands(3), title="second powder")))
    record = Record.open(lab_folder, "ana")
    (row,) = record.work_page(0, 10, "", "queue")
    before = record.event_count()
    taking: Taking = Taking(row.sample, export, "", lambda stage: stop(stage))

    def stop(stage: Stage) -> None:
        if stage is Stage.MATCH:
            assert taking.stop()

    desk = Desk(lambda: Record.open(lab_folder, "ana"))
    outcome = await taking.run(desk)
    desk.close()
    assert outcome.finding is None
    assert outcome.hint == "The file's bytes are kept; no run names them."
    assert record.event_count() == before
    assert len(record.sample(row.sample).runs) == 1
    record.close()


def test_saving_one_form_twice_registers_once(lab_folder: Path) -> None:
    record = Record.open(lab_folder, "off")
    shipment, sample = ShipmentDraft(declared_goods="sand"), SampleDraft(description="bag")
    first = record.take_in(shipment, sample, form="f")
    assert record.take_in(shipment, sample, form="f")[1].number == first[1].number
    corrected = record.take_in(shipment, SampleDraft(description="two bags"), form="f")
    assert corrected[0].number == first[0].number
    assert corrected[1].state is SampleState.RECEIVED
    record.close()


def test_newest_events_run_backwards_without_a_gap(lab_folder: Path) -> None:
    record = Record.open(lab_folder, "off")
    count = record.event_count()
    pages = [record.newest_events(at, 3) for at in range(0, count, 3)]
    assert [event.seq for page in pages for event in page] == list(range(count, 0, -1))
    record.close()


def test_the_queries_the_screens_use_exist() -> None:
    assert {"queue", "newest", "oldest"} <= set(queries._ORDERS)
