"""A label as PDF, PNG or ZPL, with its number in a QR code that any scanner reads back."""

from __future__ import annotations

import io
import json
from typing import Final

from lims.label import Label
from reports.errors import ReportError
from reports.html import TEMPLATES
from reports.pdf import printable

FORMATS: Final = ("pdf", "png", "zpl")
PNG_DPI: Final = 300
ERROR_LEVEL: Final = "m"
"""15 % of the code may be lost: a scratched bag is still read (ISO/IEC 18004, level M)."""
LONGEST_LINE, MOST_LINES = 60, 5
_ZPL_DOTS_PER_MM = 8  # 203 dpi, what label printers have


def render(label: Label, form: str) -> bytes:
    """Return a label as a file.

    Parameters
    ----------
    form : str
        ``pdf``, ``png`` or ``zpl``.

    Raises
    ------
    ReportError
        Another form, or the typesetter refuses it.
    """
    if form not in FORMATS:
        raise ReportError(f"a label is not made as {form[:20]!r}", hint="As .pdf, .png or .zpl.")
    return zpl(label) if form == "zpl" else _typeset(label, form)


def qr_svg(text: str) -> str:
    """Return a QR code with its quiet zone as SVG."""
    import segno

    out = io.BytesIO()
    code = segno.make_qr(text, error=ERROR_LEVEL)
    code.save(out, kind="svg", border=4, scale=4, xmldecl=False, svgns=True)
    return out.getvalue().decode("ascii")


def zpl(label: Label) -> bytes:
    """Return a label in ZPL II for a 203 dpi printer, UTF-8.

    Words are written with ``^FH``: each character of the language (``^ ~ _``) and each byte that
    is not plain ASCII goes as its hexadecimal code, so that no field of the record is a command.
    """
    width, height = 62 * _ZPL_DOTS_PER_MM, 29 * _ZPL_DOTS_PER_MM
    parts = [
        f"^XA^CI28^PW{width}^LL{height}^LH0,0",
        f"^FO8,16^BQN,2,7^FD{ERROR_LEVEL.upper()}A,{label.number}^FS",
        _zpl_text(210, 12, 30, label.number),
    ]
    at = 48
    for line in _lines(label):
        parts.append(_zpl_text(210, at, 20, line))
        at += 24
    parts.append("^XZ")
    return ("\n".join(parts) + "\n").encode("ascii")


def _zpl_text(x: int, y: int, height: int, text: str) -> str:
    return f"^FO{x},{y}^A0N,{height},{height}^FH_^FD{_zpl_escaped(text)}^FS"


def _zpl_escaped(text: str) -> str:
    plain = "".join(c if c.isprintable() else "?" for c in text)
    return "".join(
        chr(byte) if 32 <= byte < 127 and byte not in b"^~_\\" else f"_{byte:02X}"
        for byte in plain.encode("utf-8")
    )


def _lines(label: Label) -> tuple[str, ...]:
    first = [label.hazard] if label.hazard else []
    first += ["TRAINING, not for casework"] if label.training else []
    return (*first, *_shown(label), label.lab[:LONGEST_LINE])


def _shown(label: Label) -> tuple[str, ...]:
    return tuple(
        line if len(line) <= LONGEST_LINE else f"{line[: LONGEST_LINE - 1]}…"
        for line in label.lines[:MOST_LINES]
    )


def _typeset(label: Label, form: str) -> bytes:
    import typst

    words = printable(
        {
            "number": label.number,
            "lab": label.lab[:LONGEST_LINE],
            "lines": _shown(label),
            "hazard": label.hazard,
        }
    )
    content = {**words, "training": label.training, "qr": qr_svg(label.number)}
    try:
        made = typst.compile(
            TEMPLATES / "label.typ",
            root=TEMPLATES,
            ignore_system_fonts=True,
            format="pdf" if form == "pdf" else "png",
            ppi=PNG_DPI,
            sys_inputs={"label": json.dumps(content, ensure_ascii=False, sort_keys=True)},
        )
    except typst.TypstError as error:
        raise ReportError(
            f"the label could not be made: {error.message}", hint="Try another form: .zpl or .png."
        ) from error
    if not isinstance(made, bytes):
        raise ReportError("the typesetter returned no label")
    return made
