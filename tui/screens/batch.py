"""Ten parcels at once: shared fields above, each parcel editable below, one save for all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar
from uuid import uuid4

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Input, Static

from lims.model import Sample, Shipment
from tui import actions
from tui.batch_form import FIELDS, PARCELS, batch, filled, place_of_scan
from tui.office_words import reminding
from tui.screens.base import LabScreen
from tui.screens.dialogs import Confirm
from tui.text import as_text, clean
from tui.widgets.field_form import FieldForm

if TYPE_CHECKING:
    from lims.scan_intake import Scanned


class Batch(LabScreen):
    """All parcels of the form are registered, or none."""

    PLACE = "batch"
    heading = "Batch intake"
    BINDINGS: ClassVar[list[BindingType]] = list(actions.bindings("batch"))

    def __init__(self) -> None:
        super().__init__()
        self._is_saving = False
        self._form_key = uuid4().hex

    def body(self) -> ComposeResult:
        """Yield the count and the form."""
        yield Static("", id="count")
        form = FieldForm(FIELDS, id="form")
        form.border_title = "batch"
        yield form

    @property
    def form(self) -> FieldForm:
        """The form."""
        return self.query_one(FieldForm)

    def on_mount(self) -> None:
        """Start in the first field."""
        super().on_mount()
        self.form.focus_first()
        self._count()

    def on_input_changed(self) -> None:
        """Keep the count."""
        self._count()

    def on_input_submitted(self) -> None:
        """Enter goes to the next field: only F8 saves."""
        self.focus_next()

    def _count(self) -> None:
        numbers = filled(self.form.values())
        self.query_one("#count", Static).update(as_text(f"{len(numbers)} of {PARCELS} parcels"))

    def is_unfinished(self) -> str:
        """Say that the form holds something unsaved."""
        return "the batch is not saved" if self.form.is_touched() else ""

    def take_scan(self, code: str) -> None:
        """Put a scan where it belongs: a badge to the officer, parcel and seal to the next row."""
        self.ask(lambda record: record.sort_scans([code]), self._scanned)

    def _scanned(self, answer: tuple[Scanned, Shipment | None]) -> None:
        found, known = answer
        if known is not None:
            self.failed(
                f"{known.number} is registered already",
                "Submit it by itself on the intake screen (F6).",
            )
            return
        kind = "officer" if found.officer else "seal" if found.seal else "tracking"
        value = found.officer or found.seal or found.tracking
        name = place_of_scan(self.form.values(), kind)
        if not name:
            self.failed(f"all {PARCELS} parcels have a {kind} already", "Save this batch first.")
            return
        field = self.query_one(f"#field-{name}", Input)
        field.value = value
        field.focus()
        warned = f" · ! {' · '.join(found.warnings)}" if found.warnings else ""
        self.notice(clean(f"{name.replace('-', ' of parcel ')}: {value}{warned}", 300))

    def action_save(self) -> None:
        """Check everything, then register all."""
        if self._is_saving:
            return
        made = batch(self.form.values())
        self.form.show_errors(made.errors)
        if made.errors:
            self.notice(self.form.spoken_errors(made.errors).replace("\n", "  "), kind="error")
            return
        self._is_saving = True
        self.notice("saving …")
        form, parcels = self._form_key, made.parcels
        self.ask(lambda record: record.take_in_batch(parcels, form=form), self._saved)

    def _saved(self, kept: Sequence[Sample]) -> None:
        self._is_saving = False
        self._form_key = uuid4().hex
        self.form.clear()
        first, last = kept[0].number, kept[-1].number
        said = f"✓ {len(kept)} of {len(kept)} registered: {first} to {last}"
        self.notice(said, kind="good")
        parcels = [each.shipment for each in kept]
        self.ask(
            lambda record: record.likenesses(*parcels),
            lambda near: self.notice(said + reminding(near), kind="good") if near else None,
        )

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
            Confirm("Empty the batch?", ["What was typed is lost."], yes="Empty"), answered
        )
