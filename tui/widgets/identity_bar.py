"""The top line: sample, technique, lab, who is signed in, training mark.

Wrong-sample errors are the worst this program can help make: the number comes first, never cut.
"""

from __future__ import annotations

from rich.text import Text
from textual.app import RenderResult
from textual.reactive import reactive
from textual.widget import Widget

from tui.text import clean, shorten


class IdentityBar(Widget):
    """One line of who and what."""

    DEFAULT_CSS = """
    IdentityBar { dock: top; height: 1; padding: 0 1; background: $panel; color: $foreground; }
    """

    subject: reactive[str] = reactive("")
    """Sample number, or the screen's name where there is no sample."""
    detail: reactive[str] = reactive("")
    """Technique, description: what may be cut when there is no room."""
    place: reactive[str] = reactive("")
    who: reactive[str] = reactive("")
    training: reactive[bool] = reactive(False)
    files: reactive[int] = reactive(0)
    """How many files wait in quarantine."""
    window: reactive[str] = reactive("")
    """How long the shift's window is still open; empty while none is."""

    def render(self) -> RenderResult:
        """Return the line: subject and detail on the left, place and person on the right."""
        width = self.size.width
        right = Text(no_wrap=True)
        if self.training:
            right.append(" TRAINING ", style="reverse bold")
            right.append(" ")
        if self.window:
            right.append(f"{clean(self.window, 20)} left · ", style="bold")
        if self.files:
            right.append(f"{self.files} in quarantine (F10) · ", style="bold")
        right.append(" · ".join(clean(part, 40) for part in (self.place, self.who) if part))
        left = Text(clean(self.subject, 60), style="bold", no_wrap=True)
        room = width - left.cell_len - right.cell_len - 4
        if self.detail and room > 3:
            left.append(" › ", style="not bold")
            left.append(shorten(self.detail, room), style="not bold")
        gap = max(width - left.cell_len - right.cell_len, 1)
        return Text.assemble(left, " " * gap, right, no_wrap=True, overflow="crop")
