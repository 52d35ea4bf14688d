"""A report as one self-contained HTML page: no script, no remote resource, all text escaped."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from reports.document import DailyReport
from reports.layout import Panel, View
from reports.view import build

if TYPE_CHECKING:
    from jinja2 import Environment, Template

TEMPLATES = Path(__file__).parent / "templates"


def render(report: DailyReport) -> bytes:
    """Return the page in UTF-8; the same report gives the same bytes."""
    return render_view(build(report))


def render_view(view: View) -> bytes:
    """Return a view as a page.

    The content security policy allows this one style sheet, named by its hash, and nothing else.
    """
    from markupsafe import Markup

    style = (TEMPLATES / "daily.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    page = _template("daily.html.jinja").render(
        view=view,
        style=Markup(style),
        style_hash=digest,
        svg=_svg,
    )
    return page.encode("utf-8")


def _svg(panel: Panel) -> str:
    """Return a panel's drawing; `reports.figures` escaped the one text in it that is data."""
    from markupsafe import Markup

    return Markup(panel.svg)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )


@cache
def _template(name: str) -> Template:
    return _environment().get_template(name)
