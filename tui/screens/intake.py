"""Registering a shipment and its sample: keyboard only, all errors shown at once."""

from __future__ import annotations

from typing import ClassVar
from uuid import uuid4

from textual.app import ComposeResult
from textual.binding import BindingType

from lims.model import Sample, Shipment
from tui import actions
from tui.intake_form import FIELDS, drafts
from tui.screens.base import LabScreen
from tui.screens.dialogs import Confirm
from tui.widgets.field_form import FieldForm


class Intake(LabScreen):
    """One form, one save."""

    PLACE = "intake"
    heading = "Intake"
    BINDINGS: ClassVar[list[BindingType]] = list(actions.bindings("intake"))

    def __init__(self) -> None:
        super().__init__()
        self._is_saving = False
        self._form_key = uuid4().hex

    def body(self) -> ComposeResult:
        """Yield the form."""
        form = FieldForm(FIELDS, id="form")
        form.border_title = "shipment and sample"
        yield form

    @property
    def form(self) -> FieldForm:
        """The form."""
        return self.query_one(FieldForm)

    def on_mount(self) -> None:
        """Start in the first field."""
        super().on_mount()
        self.form.focus_first()

    def is_unfinished(self) -> str:
        """Say that the form holds something unsaved."""
        return "the intake form is not saved" if self.form.is_touched() else ""

    def on_input_submitted(self) -> None:
        """Enter goes to the next field: only F8 saves."""
        self.focus_next()

    def action_save(self) -> None:
        """Check everything, then register."""
        if self._is_saving:
            return
        made = drafts(self.form.values())
        self.form.show_errors(made.errors)
        if made.shipment is None or made.sample is None:
            self.notice(self.form.spoken_errors(made.errors).replace("\n", "  "), kind="error")
            return
        shipment, sample = made.shipment, made.sample
        self._is_saving = True
        self.notice("saving …")
        form = self._form_key
        self.ask(lambda record: record.take_in(shipment, sample, form=form), self._saved)

    def _saved(self, kept: tuple[Shipment, Sample]) -> None:
        self._is_saving = False
        self._form_key = uuid4().hex
        shipment, sample = kept
        notes = f" · ! {' · '.join(shipment.notes)}" if shipment.notes else ""
        self.form.clear()
        self.notice(f"✓ {sample.number} in shipment {shipment.number}{notes}", kind="good")

    def failed(self, message: str, hint: str = "") -> None:
        """Show what went wrong; what was typed stays."""
        self._is_saving = False
        super().failed(message, hint)

    def action_clear(self) -> None:
        """Empty the form, asking first."""
        if not self.form.is_touched():
            return

        def answered(sure: bool | None) -> None:
            if sure:
                self.form.clear()
                self.notice("")

        self.app.push_screen(
            Confirm("Empty the form?", ["What was typed is lost."], yes="Empty"), answered
        )
