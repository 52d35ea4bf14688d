"""The record's custody and intake as the screens use them; one service call each.

Mixed into `tui.record.Record`, which holds the lab and who acts.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from lims.model import Sample, SampleDraft, Shipment, ShipmentDraft

if TYPE_CHECKING:
    from lims.custody_model import Handover
    from lims.lab import Lab
    from lims.quota import Backlog
    from lims.sample_history import SampleHistory
    from lims.scan_intake import Scanned
    from lims.waiting import WaitingParcel


class CustodyActs:
    """What a person at the screens does with evidence beyond reading it."""

    _lab: Lab
    _me: str

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
        """Hand a sample over and say how it stands.

        ``confirmed_by`` is the other side, who typed their own id at this screen. Without it the
        holder's hand-over to a person is an offer, which they accept on a screen of their own; a
        place needs nobody else.
        """
        from lims import confirmations, custody, handover

        to_other = not custody.is_place(taker) and taker != self._me
        if to_other and not confirmed_by and sample.holder == self._me:
            offer = handover.propose(
                self._lab,
                self._me,
                sample.number,
                taker=taker,
                seal=seal,
                reason=reason,
                witness=witness,
            )
            until = offer.expires_at.astimezone(self._lab.zone)
            return f"offered to {taker} until {until:%H:%M}"
        custody.transfer(
            self._lab,
            sample.number,
            giver=sample.holder,
            taker=taker,
            actor=self._me,
            seal=seal,
            reason=reason,
            witness=witness,
            confirmed=confirmations.here(*([confirmed_by] if confirmed_by else [])),
        )
        return f"handed to {taker}"

    def slips(self, shipment: ShipmentDraft) -> Sequence[str]:
        """Return what looks like a wrong key in a shipment's codes and numbers."""
        from lims import unverified

        return unverified.slips(shipment)

    def offers(self) -> Sequence[Handover]:
        """Return the hand-overs that wait for the person signed in, those they proposed last."""
        from lims import handover

        waiting = handover.handovers(self._lab)
        return [each for each in waiting if each.taker == self._me] + [
            each for each in waiting if each.giver == self._me
        ]

    def take_over(self, sample: str, *, seal: str) -> str:
        """Accept a sample that was offered to the person signed in."""
        from lims import handover

        return (
            f"taken over, held by {handover.accept(self._lab, self._me, sample, seal=seal).holder}"
        )

    def decline(self, sample: str, reason: str) -> str:
        """Decline an offer, or withdraw one's own."""
        from lims import handover

        return str(handover.decline(self._lab, self._me, sample, reason=reason).state.value)

    def places(self) -> Sequence[str]:
        """Return the places that ever held a sample, as ``place:NAME``."""
        from lims import custody

        return custody.places(self._lab)

    def story(self, sample: str) -> SampleHistory:
        """Return what was weighed, held, corrected and attached."""
        from lims import sample_history

        return sample_history.history(self._lab, sample)

    def print_label(self, number: str, folder: Path) -> Path:
        """Write the label of a sample as PDF and return where."""
        from lims import label
        from reports import label as labels

        made = label.label(self._lab, number)
        path = folder / f"label-{made.number}.pdf"
        path.write_bytes(labels.render(made, "pdf"))
        return path

    def print_receipt(self, number: str, folder: Path) -> Path:
        """Write the receipt of a sample's latest step as PDF and return where."""
        from lims import receipt
        from reports import receipt as papers

        made = receipt.receipt(self._lab, number)
        path = folder / f"receipt-{made.sample}-{made.step.seq}.pdf"
        path.write_bytes(papers.pdf(made, self._lab.timezone))
        return path

    def sort_scans(self, codes: Sequence[str]) -> tuple[Scanned, Shipment | None]:
        """Return what scans are, and the registered parcel among them."""
        from lims import queries, scan_intake

        found = scan_intake.sort_out(self._lab, codes)
        return found, queries.shipment(self._lab, found.shipment) if found.shipment else None

    def take_in(
        self,
        shipment: ShipmentDraft,
        sample: SampleDraft,
        *,
        form: str,
        known: str = "",
        badge: bool = False,
    ) -> tuple[Shipment, Sample]:
        """Register a shipment and its first sample, or a sample of a shipment that is known.

        ``form`` names one filled form: saving it again registers nothing twice, and a corrected
        sample joins the shipment that was already registered.
        """
        from lims import intake, queries

        keys = [
            f"{form}:{sha256(repr(draft).encode()).hexdigest()[:16]}"
            for draft in (shipment, sample)
        ]
        if known:
            kept = queries.shipment(self._lab, known)
        else:
            kept = intake.add_shipment(self._lab, self._me, shipment, key=keys[0])
        return kept, intake.add_sample(
            self._lab, self._me, kept.number, sample, officer_badge=badge, key=keys[1]
        )

    def take_in_batch(
        self, parcels: Sequence[tuple[ShipmentDraft, SampleDraft]], *, form: str
    ) -> Sequence[Sample]:
        """Register several parcels with one sample each: all of them, or none."""
        from lims import intake

        key = f"{form}:{sha256(repr(parcels).encode()).hexdigest()[:16]}"
        return intake.add_batch(self._lab, self._me, parcels, key=key)

    def backlog(self, order: str) -> tuple[Backlog, Sequence[WaitingParcel]]:
        """Return how many parcels wait, and which, in an order."""
        from lims import quota, waiting

        return quota.backlog(self._lab), waiting.waiting(self._lab, order=order)
