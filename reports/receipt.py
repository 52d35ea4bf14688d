"""A custody receipt as plain text or PDF: the paper that outlives a rewritten log."""

from __future__ import annotations

import json

from lims import receipt as receipts
from lims.receipt import Receipt
from reports.errors import ReportError
from reports.html import TEMPLATES
from reports.label import qr_svg
from reports.pdf import printable
from reports.wording import visible

TITLE = "Custody receipt"
EXPLAINED = (
    "Keep this paper. `fol audit receipt` compares the codes Event and Log with the lab's record: "
    "they fit only as long as nothing before them was changed."
)
_WIDTH = 13


def text(receipt: Receipt, zone: str = "UTC") -> str:
    """Return a receipt as lines of plain text."""
    training = ["TRAINING, not for casework"] if receipt.training else []
    head = [f"{TITLE}  {receipt.site}  {visible(receipt.lab)}", *training, ""]
    rows = receipts.lines(receipt, zone)
    body = [f"{label + ':':<{_WIDTH}}{visible(value)}" for label, value in rows]
    return "\n".join([*head, *body, "", EXPLAINED]) + "\n"


def codes(receipt: Receipt) -> str:
    """Return what the QR code of a receipt holds: both codes, as `fol audit receipt` takes them."""
    return f"{receipt.event_code} {receipt.root_code}"


def pdf(receipt: Receipt, zone: str = "UTC") -> bytes:
    """Return a receipt as a PDF; the same receipt gives the same bytes.

    Raises
    ------
    ReportError
        The typesetter refuses it.
    """
    import typst

    words = printable(
        {
            "title": f"{TITLE} {receipt.sample}",
            "lab": f"{receipt.site}  {receipt.lab}",
            "rows": receipts.lines(receipt, zone),
            "signatures": (f"given by {receipt.giver}", f"taken by {receipt.taker}"),
            "end": EXPLAINED,
            "alt": f"QR code of {codes(receipt)}",
        }
    )
    content = {**words, "qr": qr_svg(codes(receipt)), "training": receipt.training}
    try:
        made = typst.compile(
            TEMPLATES / "receipt.typ",
            root=TEMPLATES,
            ignore_system_fonts=True,
            format="pdf",
            sys_inputs={"view": json.dumps(content, ensure_ascii=False, sort_keys=True)},
            pdf_standards="ua-1",
            timestamp=receipt.printed_at.replace(microsecond=0),
        )
    except typst.TypstError as error:
        raise ReportError(
            f"the receipt could not be made: {error.message}", hint="Print it as text."
        ) from error
    if not isinstance(made, bytes):
        raise ReportError("the typesetter returned no receipt")
    return made
