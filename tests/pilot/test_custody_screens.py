"""Custody and intake on the screens, over the real services."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from lims import audit, clock, custody_settings, handover, intake, quota, records
from lims.model import SampleDraft, ShipmentDraft
from tests.lims_builders import a_lab, a_sample
from tests.pilot.conftest import press, settle
from tests.pilot.fake_lab import NOW
from tests.pilot.screen_text import check_golden, screen_text
from tui.app import FolApp
from tui.messages import Scanned
from tui.record import Record
from tui.screens.intake import Intake

S10 = "RR473124829GB"


@pytest.fixture
def lab(tmp_path):
    with clock.running_from(lambda: NOW):
        made = a_lab(tmp_path / "lab")
        yield made
        made.close()


def running(lab, person, size=(100, 40)):
    folder = lab.folder
    app = FolApp(folder, person, opener=lambda: Record.open(folder, person), glyphs="braille")
    return app.run_test(size=size)


async def scan(pilot: Pilot[int], code: str, *, by_keys: bool = False) -> None:
    if by_keys:
        await pilot.press("ctrl+b", *code, "enter")
    else:
        pilot.app.post_message(Scanned(code))
    await settle(pilot)


async def type_into(pilot: Pilot[int], name: str, text: str) -> None:
    pilot.app.screen.query_one(f"#field-{name}", Input).value = text
    await settle(pilot)


async def opened(pilot: Pilot[int], number: str) -> None:
    await settle(pilot)
    await scan(pilot, number)


async def test_the_taker_types_their_own_id_or_gets_an_offer(lab) -> None:
    first = a_sample(lab, held_by="cus").number
    async with running(lab, "cus") as pilot:
        await opened(pilot, first)
        await press(pilot, "t", "down", "enter")  # abe, then ana
        assert "ana confirms here" in screen_text(pilot.app)
        await press(pilot, "tab", "tab", "tab", *"abe", "tab", "tab", "enter")
        assert "abe is not ana" in screen_text(pilot.app)
        assert records.sample(lab.db, first).holder == "cus"
        await press(pilot, "backspace", "backspace", "backspace", "tab", "tab", "enter")
        assert "offered to ana until" in screen_text(pilot.app)
        assert records.sample(lab.db, first).holder == "cus"
    async with running(lab, "ana") as pilot:
        await opened(pilot, first)
        assert "hand-over" in screen_text(pilot.app)
        await press(pilot, "y")
        assert "cus offers it to ana" in screen_text(pilot.app)
        await press(pilot, "tab", "tab", "tab", "tab", "enter")
        assert "taken over, held by ana" in screen_text(pilot.app)
    assert set(records.transfers(lab.db, first)[-1].confirmed) == {"ana", "cus"}


async def test_an_offer_is_declined_with_a_reason(lab) -> None:
    number = a_sample(lab, held_by="cus").number
    handover.propose(lab, "cus", number, taker="ana")
    async with running(lab, "ana") as pilot:
        await opened(pilot, number)
        await press(pilot, "y", "tab", "tab", "tab", "enter")
        assert "a reason is needed" in screen_text(pilot.app)
        await press(pilot, *"torn", "tab", "tab", "enter")
        assert "declined" in screen_text(pilot.app)
    assert handover.handovers(lab, everything=True)[0].remark == "torn"


async def test_an_officer_takes_back_over_on_the_board_without_case_detail(lab) -> None:
    number = a_sample(lab, held_by="cus", seal="A1", description="SECRET").number
    handover.propose(lab, "cus", number, taker="olga", seal="A1")
    async with running(lab, "olga") as pilot:
        await settle(pilot)
        await press(pilot, "y", "A", "1", "tab", "tab", "tab", "tab", "enter")
        assert "taken over, held by olga" in screen_text(pilot.app)
        assert "SECRET" not in screen_text(pilot.app)
        await press(pilot, "y")
        assert "no hand-over waits for you" in screen_text(pilot.app)
    assert records.sample(lab.db, number).state == "returned"


async def test_three_scans_and_one_key_take_a_known_parcel_in(lab) -> None:
    parcel = intake.add_shipment(lab, "olga", ShipmentDraft(declared_goods="salt", tracking=S10))
    async with running(lab, "cus") as pilot:
        await press(pilot, "f6")
        await scan(pilot, "FB000123", by_keys=True)
        assert "scan 1 of 3: still the officer's badge" in screen_text(pilot.app)
        await scan(pilot, "olga")
        await scan(pilot, S10)
        shown = screen_text(pilot.app)
        assert "all scanned, F8 saves" in shown
        assert f"{parcel.number} is registered" in shown
        assert "salt" in shown
        await type_into(pilot, "declared_goods", "sugar")
        await press(pilot, "f8")
        assert "declared_goods cannot be changed here" in screen_text(pilot.app)
        await type_into(pilot, "declared_goods", "salt")
        await press(pilot, "f8")
        assert f"in shipment {parcel.number}" in screen_text(pilot.app)
    assert quota.backlog(lab).registered == quota.backlog(lab).submitted == 1
    row = lab.db.execute("SELECT officer, seal, description, holder FROM sample").fetchone()
    assert tuple(row) == ("olga", "FB000123", "parcel contents", "cus")


SCREENS = {
    "batch": ("ctrl+t",),
    "backlog": ("ctrl+o",),
    "take-over": ("f2", "enter", "y"),
}


@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_screens_of_custody_look_as_agreed(lab, size) -> None:
    number = a_sample(lab, held_by="cus", seal="A1").number
    handover.propose(lab, "cus", number, taker="ana", seal="A1", reason="to be measured")
    odd = {"declared_value": "10 USD", "freight": "38 USD"}
    drafts = [ShipmentDraft(declared_goods="toys"), ShipmentDraft(declared_goods="sand", **odd)]
    intake.add_shipments(lab, "olga", drafts)
    async with running(lab, "ana", size) as pilot:
        await settle(pilot)
        for name, keys in SCREENS.items():
            await press(pilot, *keys)
            check_golden(pilot.app, name)


async def test_a_second_seal_is_refused_and_the_form_stays(lab) -> None:
    async with running(lab, "cus") as pilot:
        await press(pilot, "f6")
        await scan(pilot, "X1")
        await scan(pilot, "X2")
        assert "second seal" in screen_text(pilot.app)
        form = pilot.app.screen
        assert isinstance(form, Intake)
        assert form.query_one("#field-seal", Input).value == "X1"
        await scan(pilot, "olga")
        assert "scan 2 of 3" in screen_text(pilot.app)


async def test_ten_of_ten_each_editable_in_one_act(lab) -> None:
    async with running(lab, "cus") as pilot:
        await press(pilot, "ctrl+t")
        assert "0 of 10 parcels" in screen_text(pilot.app)
        await scan(pilot, "olga")
        for name, text in (("declared_goods", "toys"), ("origin", "CN"), ("description", "powder")):
            await type_into(pilot, name, text)
        for number in range(1, 11):
            await scan(pilot, f"SEAL{number:02d}")
        assert "10 of 10 parcels" in screen_text(pilot.app)
        await scan(pilot, "SEAL11")
        assert "all 10 parcels have a seal already" in screen_text(pilot.app)
        await type_into(pilot, "remark-3", "brown resin")
        await type_into(pilot, "gross-4", "heavy")
        await press(pilot, "f8")
        assert "write a number and g" in screen_text(pilot.app)
        assert quota.backlog(lab).registered == 0
        await type_into(pilot, "gross-4", "0.5 g")
        await press(pilot, "f8")
        assert "10 of 10 registered" in screen_text(pilot.app)
    rows = lab.db.execute("SELECT description, officer, seal FROM sample ORDER BY seq").fetchall()
    assert [row[0] for row in rows].count("brown resin") == 1
    assert {row[1] for row in rows} == {"olga"}
    assert [row[2] for row in rows] == [f"SEAL{n:02d}" for n in range(1, 11)]
    assert audit.verify(lab).ok


async def test_the_backlog_counts_reorders_and_submits(lab) -> None:
    custody_settings.change(lab, "lee", "quota_per_submitter", 20, reason="x")
    drafts = [ShipmentDraft(declared_goods=f"goods {n}", tracking=f"T{n}") for n in range(30)]
    drafts.append(ShipmentDraft(declared_goods="odd", declared_value="1 USD", freight="9 USD"))
    parcels = intake.add_shipments(lab, "olga", drafts)
    for parcel in parcels[:20]:
        draft = SampleDraft(description="bag", officer="olga")
        intake.add_sample(lab, "olga", parcel.number, draft)
    async with running(lab, "cus") as pilot:
        await press(pilot, "ctrl+o")
        assert "31 registered · 20 submitted · 11 waiting" in screen_text(pilot.app)
        await press(pilot, "o", "o")
        assert "by mismatch" in screen_text(pilot.app)
        await press(pilot, "enter")
        shown = screen_text(pilot.app)
        assert "is registered, F8 adds a" in shown
        assert "odd" in shown


async def test_label_and_receipt_are_written_where_the_person_is(lab, tmp_path, monkeypatch):
    number = a_sample(lab).number
    monkeypatch.chdir(tmp_path)
    async with running(lab, "ana") as pilot:
        await opened(pilot, number)
        await press(pilot, "b")
        assert "label:" in screen_text(pilot.app)
        await press(pilot, "k")
    assert {path.suffix for path in Path(tmp_path).glob("*.pdf")} == {".pdf"}
    assert len(list(tmp_path.glob("*.pdf"))) == 2
