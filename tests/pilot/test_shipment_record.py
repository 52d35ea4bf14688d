"""The shipment record on the screens, over the real services (S-02, S-15)."""

from contextlib import asynccontextmanager

import pytest
from textual.widgets import Input

from lims import conclusion, records
from tests.lims_builders import a_finding, a_lab, a_sample, a_shipment, an_entry
from tests.pilot.conftest import press, settle
from tests.pilot.screen_text import screen_text
from tui.app import FolApp
from tui.intake_form import FIELDS, SHIPMENT_NAMES
from tui.record import Record


@pytest.fixture
def lab(tmp_path):
    made = a_lab(tmp_path / "lab")
    yield made
    made.close()


@asynccontextmanager
async def running(lab, person, size=(100, 40)):
    app = FolApp(
        lab.folder, person, opener=lambda: Record.open(lab.folder, person), glyphs="braille"
    )
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        yield pilot


async def filled(pilot, **values):
    for name, text in values.items():
        pilot.app.screen.query_one(f"#field-{name}", Input).value = text
    await settle(pilot)


async def test_slip_in_a_number_is_shown_before_it_is_kept(lab) -> None:
    async with running(lab, "olga") as pilot:
        await press(pilot, "f6")
        await filled(
            pilot, declared_goods="salt", description="bag", tracking="176-12345676", origin="ZZ"
        )
        await press(pilot, "f8")
        shown = screen_text(pilot.app)
        assert "the check digit does not fit" in shown
        assert "F8 again keeps it as unverified" in shown
        assert records.rows(lab.db, "SELECT 1 FROM shipment") == []
        await filled(pilot, tracking="176-12345675")
        await press(pilot, "f8")
        assert "check digit" not in screen_text(pilot.app)
        assert "ZZ is not in ISO 3166-1" in screen_text(pilot.app)
        await press(pilot, "f8")
        assert "✓ NOG-26" in screen_text(pilot.app)
    (row,) = records.rows(lab.db, "SELECT number FROM shipment")
    assert [each.field for each in records.shipment(lab.db, row["number"]).unverified] == ["origin"]


async def test_list_that_is_not_at_hand_stops_nobody(lab) -> None:
    async with running(lab, "olga") as pilot:
        await press(pilot, "f6")
        await filled(
            pilot, declared_goods="salt", description="bag", tracking="555-12345675",
            hs_code="2501.00", hs_edition="2017",
        )  # fmt: skip
        await press(pilot, "f8")
        assert "✓ NOG-26" in screen_text(pilot.app)
    (row,) = records.rows(lab.db, "SELECT number FROM shipment")
    unsure = records.shipment(lab.db, row["number"]).unverified
    assert [each.field for each in unsure] == ["hs_code", "tracking"]


async def test_whole_papers_are_typed_in_one_form(lab) -> None:
    typed = {
        "gross_weight": "1.62 kg", "net_weight": "1.5 kg", "pieces": "2", "hs_code": "2501.00",
        "hs_edition": "2022", "notify_party": "Broker", "port_of_loading": "CN SHA",
        "port_of_discharge": "Nogales", "carrier": "DHL", "freight": "9 USD",
    }  # fmt: skip
    async with running(lab, "olga") as pilot:
        await press(pilot, "f6")
        await filled(pilot, declared_goods="salt", description="bag", **typed)
        await press(pilot, "f8")
        assert "✓ NOG-26" in screen_text(pilot.app)
    (row,) = records.rows(lab.db, "SELECT number FROM shipment")
    draft = records.shipment(lab.db, row["number"]).draft
    assert {name: getattr(draft, name) for name in typed} == typed


def test_form_reaches_every_field_of_the_papers():
    from dataclasses import fields

    from lims.model import ShipmentDraft

    assert set(SHIPMENT_NAMES) == {each.name for each in fields(ShipmentDraft)}
    assert len({each.name for each in FIELDS}) == len(FIELDS)


async def test_sand_that_was_xylazine_is_told_on_its_screen(lab, tmp_path) -> None:
    parcel = a_shipment(
        lab, declared_goods="silicon dioxide", declared_weight="1.5 kg", declared_value="10 USD",
        freight="25 USD", hs_code="2811.22", tracking="176-12345676", notify_party="Broker & Sons",
    )  # fmt: skip
    sample = a_sample(lab, shipment=parcel.number).number
    a_finding(lab, tmp_path, sample, an_entry("match", "xylazine"), reviewed=True)
    conclusion.conclude(lab, "ana", sample)
    async with running(lab, "lee", (140, 50)) as pilot:
        await press(pilot, "enter")
        shown = screen_text(pilot.app)
        assert "declared value 6.67 USD per kg" in shown
        assert "freight above goods value" in shown
        assert "declared silicon dioxide, found xylazine (adulterant)" in shown
        assert "declared HS 2811.22 (Silicon dioxide), found xylazine" in shown
        assert "tracking: 176-12345676 (unverified)" in shown
        assert "notify party: Broker & Sons" in shown


async def test_honest_goods_leave_tonight_from_their_screen(lab, tmp_path) -> None:
    parcel = a_shipment(lab, declared_goods="calcium carbonate filler")
    sample = a_sample(lab, shipment=parcel.number).number
    a_finding(lab, tmp_path, sample, an_entry("match", "calcium carbonate"), reviewed=True)
    conclusion.conclude(lab, "ana", sample)
    async with running(lab, "lee") as pilot:
        await press(pilot, "enter", "l", *"as~declared".replace("~", "-"), "tab", "tab", "enter")
        assert "found" in screen_text(pilot.app)
    assert records.shipment(lab.db, parcel.number).state == "released"
