"""The screen of reports on a sample: every step by its key, and nothing by one key alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from lims.certificate_model import (
    Certificate,
    CertificateKind,
    CertificateState,
    Copy,
    CopyForm,
)
from lims.errors import StateError
from tests.pilot.conftest import Running, press
from tests.pilot.fake_lab import NOW, NUMBER, FakeRecord
from tests.pilot.screen_text import check_golden, screen_text
from tui import actions
from tui.screens.ask_fields import AskFields
from tui.screens.certificates import Certificates

SHOWN = ("enter", "a", "tab", "enter", "d")
DRAFT = Certificate(
    number="NOG-26-R000001-U",
    kind=CertificateKind.FINAL,
    state=CertificateState.DRAFT,
    subject=NUMBER,
    shipment="S-1",
    samples=(NUMBER,),
    revision=2,
    authors=("ana",),
    drafted_at=NOW,
    content_sha256="00" * 32,
    customer="Olaf Officer (off)",
    amends="",
    reason="",
    expires_on=None,
    expired=False,
    reviews=(),
    stated=(),
    copies=(),
    issued_at=None,
    issued_by="",
    document_sha256="",
    signature=b"",
    amended_by="",
    withdrawal_asked_by="",
    withdrawal_reason="",
    withdrawn_at=None,
    withdrawn_by="",
)
EARLIER = replace(DRAFT, number="NOG-26-R000000-W", state=CertificateState.ISSUED, revision=1)


class Desk(FakeRecord):
    """A laboratory with one issued report and one that is being written."""

    refused = ""

    def acknowledge(self, alert: str) -> None:
        super().acknowledge(alert)
        self.acts.clear()

    rows_shown: tuple[Certificate, ...] = (DRAFT, EARLIER)

    def certificates(self, sample: str) -> Sequence[Certificate]:
        assert sample == NUMBER
        return self.rows_shown

    def certificate_lines(self, number: str) -> Sequence[str]:
        return [f"Certificate of analysis {number}", "Missing for its issue",
                "  a review is missing  → fol report certificate review",
                *(f"line {n}" for n in range(60))]  # fmt: skip

    def _done(self, *said: object) -> Certificate:
        if self.refused:
            raise StateError(self.refused, hint="Do this instead.")
        self.acts.append(said)
        return self.rows_shown[0]

    def draft_certificate(
        self, subject: str, typed: Mapping[str, str], *, preliminary: bool
    ) -> Certificate:
        return self._done("draft", subject, dict(typed), preliminary)

    def amend_certificate(self, number: str, typed: Mapping[str, str]) -> Certificate:
        return self._done("amend", number, typed["reason"], typed["customer"])

    def review_certificate(
        self, number: str, typed: Mapping[str, str], *, accept: bool
    ) -> Certificate:
        return self._done("review", number, accept, typed["remark"], typed["remote"])

    def issue_certificate(self, number: str) -> Certificate:
        return self._done("issue", number)

    def withdraw_certificate(self, number: str, reason: str) -> Certificate:
        return self._done("withdraw", number, reason)

    def give_certificate(self, number: str, typed: Mapping[str, str]) -> Copy:
        self._done("give", number, typed["to"], typed["form"], typed["how"])
        return Copy(number=1, recipient=typed["to"], form=CopyForm.PDF, how="", by=self.me, at=NOW)


@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_screen_looks_as_agreed(running: Running, size: tuple[int, int]) -> None:
    async with running(Desk("rev"), size) as pilot:
        await press(pilot, *SHOWN)
        check_golden(pilot.app, "certificates")


async def test_what_a_report_waits_for_and_lacks_is_on_screen(running: Running) -> None:
    async with running(Desk("rev")) as pilot:
        await press(pilot, *SHOWN)
        shown = screen_text(pilot.app)
        assert "waits: technical review" in shown
        assert "a review is missing" in shown
        assert f"analysis {DRAFT.number}" in shown
        await press(pilot, "down")
        assert f"analysis {EARLIER.number}" in screen_text(pilot.app)


async def test_reports_wait_until_the_hazard_notice_was_seen(running: Running) -> None:
    async with running(Desk("rev")) as pilot:
        await press(pilot, "enter", "d")
        assert not isinstance(pilot.app.screen, Certificates)
        assert "acknowledge the hazard notice first" in screen_text(pilot.app)


async def test_every_key_listed_is_bound(running: Running) -> None:
    async with running(Desk("rev")) as pilot:
        await press(pilot, *SHOWN)
        bound = set(pilot.app.screen.active_bindings)
        listed = {key for action in actions.here("certificates") for key in action.key.split(",")}
        assert listed <= bound


async def test_a_report_is_written_with_what_was_typed(running: Running) -> None:
    record = Desk("ana")
    async with running(record) as pilot:
        await press(pilot, *SHOWN, "n", *"Court", "enter", *"H1")
        await press(pilot, *["tab"] * 5, "enter")
        assert record.acts == [
            ("draft", NUMBER, {"customer": "Court", "reference": "H1", "condition": "",
                               "opinion": "", "departure": ""}, False)
        ]  # fmt: skip
        assert "draft, revision 2" in screen_text(pilot.app)


async def test_a_preliminary_report_has_a_key_of_its_own(running: Running) -> None:
    record = Desk("ana")
    async with running(record) as pilot:
        await press(pilot, *SHOWN, "p")
        assert "preliminary report" in screen_text(pilot.app)
        await press(pilot, *["tab"] * 6, "enter")
        assert record.acts[0][-1] is True


async def test_sending_back_needs_a_reason_and_accepting_does_not(running: Running) -> None:
    record = Desk("rev")
    async with running(record) as pilot:
        await press(pilot, *SHOWN, "f9", "tab", "tab", "tab", "enter")
        assert "it is needed" in screen_text(pilot.app)
        assert not record.acts
        await press(pilot, "escape", "f8", "tab", *"HQ", "tab", "tab", "enter")
        assert record.acts == [("review", DRAFT.number, True, "", "HQ")]


async def test_nothing_is_issued_by_one_key(running: Running) -> None:
    record = Desk("rev")
    async with running(record) as pilot:
        await press(pilot, *SHOWN, "i")
        assert "What was issued is never changed" in screen_text(pilot.app)
        await press(pilot, "enter")
        assert not record.acts
        await press(pilot, "i", "tab", "enter")
        assert record.acts == [("issue", DRAFT.number)]


async def test_a_withdrawal_restates_who_asked_for_it(running: Running) -> None:
    record = Desk("rev")
    record.rows_shown = (
        replace(EARLIER, withdrawal_asked_by="qm", withdrawal_reason="wrong control"),
    )
    async with running(record) as pilot:
        await press(pilot, *SHOWN)
        assert "qm asks to withdraw" in screen_text(pilot.app)
        await press(pilot, "w")
        assert "asked for by qm: wrong control" in screen_text(pilot.app)
        await press(pilot, "tab", "tab", "enter")
        assert record.acts == [("withdraw", EARLIER.number, "")]


async def test_an_amendment_needs_its_reason(running: Running) -> None:
    record = Desk("ana")
    async with running(record) as pilot:
        await press(pilot, *SHOWN, "down", "m", *["tab"] * 7, "enter")
        assert isinstance(pilot.app.screen, AskFields)
        assert not record.acts


async def test_a_copy_is_recorded_with_who_has_it(running: Running) -> None:
    record = Desk("rev")
    async with running(record) as pilot:
        await press(pilot, *SHOWN, "down", "g", *"Court", "tab", "tab", "tab", "tab", "enter")
        assert record.acts == [("give", EARLIER.number, "Court", "", "")]
        assert "copy 1 of" in screen_text(pilot.app)


async def test_a_refusal_is_shown_with_its_remedy(running: Running) -> None:
    record = Desk("rev")
    record.refused = "no conclusion"
    async with running(record) as pilot:
        await press(pilot, *SHOWN, "i", "tab", "enter")
        shown = screen_text(pilot.app)
        assert "✗ no conclusion" in shown
        assert "Do this instead" in shown


async def test_a_sample_without_reports_says_how_to_write_one(running: Running) -> None:
    record = Desk("rev")
    record.rows_shown = ()
    async with running(record) as pilot:
        await press(pilot, *SHOWN)
        assert "press n to write one" in screen_text(pilot.app)
        await press(pilot, "i", "w", "g", "f8", "m")
        assert isinstance(pilot.app.screen, Certificates)


async def test_hostile_words_of_a_report_do_not_reach_the_terminal(running: Running) -> None:
    class Hostile(Desk):
        def certificate_lines(self, number: str) -> Sequence[str]:
            return ["\x1b[2Jgone", "[red]x[/red] [@click=app.quit]y"]

    record = Hostile("rev")
    record.rows_shown = (replace(DRAFT, customer="[b]\x1b]0;t\x07", kind=DRAFT.kind),)
    async with running(record) as pilot:
        await press(pilot, *SHOWN)
        shown = screen_text(pilot.app)
        assert "\x1b" not in shown
        assert "[red]x[/red]" in shown
        await press(pilot, "i")
        assert "\x1b" not in screen_text(pilot.app)


async def test_six_hundred_reports_are_listed(running: Running) -> None:
    record = Desk("rev")
    record.rows_shown = tuple(replace(DRAFT, number=f"NOG-26-R{n:06d}-X") for n in range(600))
    async with running(record) as pilot:
        await press(pilot, *SHOWN, "end")
        assert "NOG-26-R000599-X" in screen_text(pilot.app)
