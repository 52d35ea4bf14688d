"""Registering a shipment and its sample: by keys or three scans, all errors shown at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar
from uuid import uuid4

from textual.app import ComposeResult
from textual.binding import BindingType

from lims import ids
from lims.errors import NotFoundError
from lims.model import Sample, SampleDraft, Shipment, ShipmentDraft
from tui import actions
from tui.intake_form import FIELDS, SHIPMENT_NAMES, drafts
from tui.office_words import reminding
from tui.screens.base import LabScreen
from tui.screens.dialogs import Confirm
from tui.text import clean
from tui.widgets.field_form import FieldForm

if TYPE_CHECKING:
    from lims.scan_intake import Scanned

DESCRIPTION = "parcel contents"
"""What a sample of a registered parcel is called when nobody typed anything else."""


def _is_sample(code: str) -> bool:
    try:
        return ids.kind_of(code) == ids.SAMPLE
    except NotFoundError:
        return False


class Intake(LabScreen):
    """One form, one save."""

    PLACE = "intake"
    heading = "Intake"
    BINDINGS: ClassVar[list[BindingType]] = list(actions.bindings("intake"))

    def __init__(self) -> None:
        super().__init__()
        self._is_saving = False
        self._form_key = uuid4().hex
        self._scans: tuple[str, ...] = ()
        self._known = ""
        self._printed: dict[str, str] = {}
        self._badge = ""
        self._seen_odd: dict[str, str] = {}

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

    def take_scan(self, code: str) -> None:
        """Put a scan where it belongs; the label of a sample opens the sample instead."""
        if _is_sample(code):
            unfinished = self.is_unfinished()
            if unfinished:
                self.failed(f"scan {clean(code, 60)} ignored: {unfinished}")
            else:
                self.fol.open_sample(self, code)
            return
        scans = (*self._scans, code)
        self.ask(
            lambda record: record.sort_scans(scans), lambda found: self._scanned(scans, *found)
        )

    def _scanned(self, scans: tuple[str, ...], found: Scanned, known: Shipment | None) -> None:
        self._scans = scans
        self._badge = found.officer
        values = {"officer": found.officer, "seal": found.seal, "tracking": found.tracking}
        if known is not None:
            self._known = known.number
            self._printed = {name: getattr(known.draft, name) for name in SHIPMENT_NAMES}
            values |= self._printed
        self.form.fill({name: value for name, value in values.items() if value})
        parcel = f" · {known.number} is registered, F8 adds a sample" if known else ""
        rest = f"still {', '.join(found.missing)}" if found.missing else "all scanned, F8 saves"
        warned = f" · ! {' · '.join(found.warnings)}" if found.warnings else ""
        self.notice(f"scan {len(set(scans))} of 3: {rest}{parcel}{warned}")

    def on_input_submitted(self) -> None:
        """Enter goes to the next field: only F8 saves."""
        self.focus_next()

    def action_save(self) -> None:
        """Check everything, then register."""
        if self._is_saving:
            return
        typed = self.form.values()
        if self._known and not typed["description"]:
            typed["description"] = DESCRIPTION
        made = drafts(typed)
        changed = [name for name, text in self._printed.items() if typed[name] != text]
        if changed:
            self.failed(
                f"{self._known} is registered: {', '.join(changed)} cannot be changed here",
                "fol sample correct sets a field right, with the reason.",
            )
            return
        self.form.show_errors(made.errors)
        if made.shipment is None or made.sample is None:
            self.notice(self.form.spoken_errors(made.errors).replace("\n", "  "), kind="error")
            return
        shipment, sample = made.shipment, made.sample
        self._is_saving = True
        self.notice("saving …")
        if self._known or self._seen_odd == typed:
            self._keep(shipment, sample)
            return
        self.ask(
            lambda record: record.slips(shipment),
            lambda odd: self._looked(typed, shipment, sample, odd),
        )

    def _looked(
        self,
        typed: dict[str, str],
        shipment: ShipmentDraft,
        sample: SampleDraft,
        odd: Sequence[str],
    ) -> None:
        """Let a slip of the keys be seen before it is kept; the same form saved again is kept."""
        if not odd:
            self._keep(shipment, sample)
            return
        self._is_saving, self._seen_odd = False, typed
        said = " · ".join(odd)
        self.notice(f"! {said} · correct it, or F8 again keeps it as unverified", kind="error")

    def _keep(self, shipment: ShipmentDraft, sample: SampleDraft) -> None:
        form, known = self._form_key, self._known
        badge = bool(self._badge) and sample.officer == self._badge
        self.ask(
            lambda record: record.take_in(shipment, sample, form=form, known=known, badge=badge),
            self._saved,
        )

    def _saved(self, kept: tuple[Shipment, Sample]) -> None:
        self._is_saving = False
        self._form_key = uuid4().hex
        shipment, sample = kept
        notes = f" · ! {' · '.join(shipment.notes)}" if shipment.notes else ""
        self._forget()
        said = f"✓ {sample.number} in shipment {shipment.number}{notes}"
        self.notice(said, kind="good")
        self.ask(
            lambda record: record.likenesses(shipment.number),
            lambda near: self.notice(said + reminding(near), kind="good") if near else None,
        )

    def _forget(self) -> None:
        self._scans, self._known, self._badge, self._printed = (), "", "", {}
        self._seen_odd = {}
        self.form.clear()

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
                self._forget()
                self.notice("")

        self.app.push_screen(
            Confirm("Empty the form?", ["What was typed is lost."], yes="Empty"), answered
        )
