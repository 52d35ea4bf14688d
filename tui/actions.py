"""The one registry of what can be done where: keys, footer, help and palette all read it.

Only keys every terminal sends: letters, digits, F1 to F10, arrows, Enter, Escape, Ctrl with letters
that are not Enter, Tab, newline or Backspace in disguise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.binding import Binding

EVERYWHERE = "app"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something a person can do.

    Parameters
    ----------
    id : str
        Stable name; user key maps refer to it.
    key : str
        Default key in Textual's spelling; several are separated by commas.
    do : str
        Name of the screen's or app's action method, without ``action_``.
    label : str
        Two or three words for the footer.
    says : str
        One sentence for help and palette.
    where : tuple of str
        Screen names, or ``app`` for everywhere.
    footer : bool
        Shown in the footer; what is not stands in help all the same.
    """

    id: str
    key: str
    do: str
    label: str
    says: str
    where: tuple[str, ...] = (EVERYWHERE,)
    footer: bool = False


def _go(key: str, screen: str, label: str, says: str) -> Action:
    return Action(id=f"go.{screen}", key=key, do=f"go('{screen}')", label=label, says=says)


def _act(
    name: str,
    key: str,
    do: str,
    label: str,
    says: str,
    *where: str,
    footer: bool = True,
) -> Action:
    return Action(id=name, key=key, do=do, label=label, says=says, where=where, footer=footer)


ACTIONS: tuple[Action, ...] = (
    Action(
        id="app.help", key="f1", do="help", label="Help", says="Help for this screen.", footer=True
    ),
    Action(
        id="app.keys",
        key="question_mark",
        do="keys",
        label="Keys",
        says="Every key that works here.",
        footer=True,
    ),
    _go("f2", "worklist", "Work list", "Samples that wait, by status, priority and age."),
    _go("f3", "board", "Board", "Status of every sample, for officers."),
    _go("f4", "alerts", "Alerts", "Hazard and mismatch notices."),
    _go("f5", "digest", "Day", "The day's figures for headquarters."),
    _go("f6", "intake", "Intake", "Register a shipment and its sample."),
    _go("f7", "audit", "Audit", "The event log and its proof."),
    _go("f10", "quarantine", "Quarantine", "Files that wait to be linked to a sample."),
    _go("ctrl+l", "library", "Libraries", "Reference libraries and their entries."),
    _go("ctrl+g", "controls", "Controls", "Instruments, controls and what they hold."),
    _go("ctrl+n", "unknowns", "Unknowns", "What no library could name, gathered by likeness."),
    _go("ctrl+t", "batch", "Batch", "Register ten parcels at once."),
    _go("ctrl+o", "backlog", "Waiting", "Parcels that wait to be submitted."),
    Action(id="app.back", key="escape", do="step_back", label="Back", says="Leave this screen."),
    Action(id="app.quit", key="ctrl+q", do="leave", label="Quit", says="Leave the program."),
    _act("list.find", "slash", "find", "Find", "Search this list.", "worklist", "entries"),
    _act(
        "list.refresh",
        "r",
        "refresh",
        "Refresh",
        "Read the record again.",
        "worklist",
        "board",
        "alerts",
        "digest",
        "audit",
        "quarantine",
        "sample",
        "library",
        "controls",
        "unknowns",
        "backlog",
        footer=False,
    ),
    _act("worklist.open", "enter", "open", "Open", "Open the sample.", "worklist"),
    _act("worklist.order", "o", "order", "Order", "Queue, newest or oldest first.", "worklist"),
    _act(
        "worklist.quarantine",
        "u",
        "app.go('quarantine')",
        "Unlinked",
        "Files that wait to be linked, as F10.",
        "worklist",
        footer=False,
    ),
    _act("sample.take", "i", "take_run", "Run", "Take a file as a run of it.", "sample"),
    _act("sample.review", "enter,v", "review", "Review", "Open the finding.", "sample"),
    _act(
        "sample.propose",
        "p",
        "propose",
        "Propose",
        "Propose structures for the candidate of a finding; none is an identification.",
        "sample",
        footer=False,
    ),
    _act("proposals.keep", "k", "keep", "Keep", "Keep them beside the candidate.", "proposals"),
    _act("sample.conclude", "c", "conclude", "Conclude", "Conclude by the rule.", "sample"),
    _act("sample.transfer", "t", "transfer", "Hand over", "Hand the sample to a person.", "sample"),
    _act(
        "sample.offer",
        "y",
        "answer_offer",
        "Take over",
        "Take over what was offered to you, decline it, or withdraw your offer.",
        "sample",
        "board",
        footer=False,
    ),
    _act("sample.label", "b", "label", "Label", "Write its label as PDF.", "sample", footer=False),
    _act(
        "sample.receipt",
        "k",
        "receipt",
        "Receipt",
        "Write the receipt of the latest step as PDF.",
        "sample",
        footer=False,
    ),
    _act("sample.release", "l", "release", "Release", "Release the shipment.", "sample"),
    _act("sample.seize", "z", "seize", "Seize", "Record the seizure of the shipment.", "sample"),
    _act(
        "sample.acknowledge",
        "a",
        "acknowledge",
        "Hazard",
        "Acknowledge the hazard notice.",
        "sample",
    ),
    _act(
        "hazard.acknowledge",
        "a",
        "acknowledge",
        "Acknowledge",
        "Acknowledge the hazard notice.",
        "review",
        "alerts",
    ),
    _act(
        "review.accept", "f8", "accept", "Accept", "Accept the finding, after a dialog.", "review"
    ),
    _act("review.return", "f9", "send_back", "Send back", "Send it back with a reason.", "review"),
    _act(
        "review.dismiss",
        "d",
        "dismiss_candidate",
        "Dismiss",
        "Dismiss the analogue candidate, with a reason.",
        "review",
        footer=False,
    ),
    _act(
        "review.send",
        "s",
        "send_candidate",
        "Send",
        "Send the analogue candidate to a regional lab.",
        "review",
        footer=False,
    ),
    _act("review.next", "full_stop", "next_answer", "Next", "Next spectrum or peak.", "review"),
    _act(
        "review.previous",
        "comma",
        "previous_answer",
        "Previous",
        "Previous spectrum or peak.",
        "review",
        footer=False,
    ),
    _act("review.words", "w", "words", "Words", "Say in words what the plot shows.", "review"),
    _act("plot.left", "left", "cursor(-1)", "◂", "Plot cursor left.", "plot", footer=False),
    _act("plot.right", "right", "cursor(1)", "▸", "Plot cursor right.", "plot", footer=False),
    _act(
        "plot.far_left",
        "shift+left,less_than_sign",
        "cursor(-10)",
        "◂◂",
        "Ten steps left.",
        "plot",
        footer=False,
    ),
    _act(
        "plot.far_right",
        "shift+right,greater_than_sign",
        "cursor(10)",
        "▸▸",
        "Ten steps right.",
        "plot",
        footer=False,
    ),
    _act("plot.next_peak", "n", "peak(1)", "Peak", "Next peak.", "plot", footer=False),
    _act("plot.previous_peak", "p", "peak(-1)", "Peak", "Previous peak.", "plot", footer=False),
    _act(
        "plot.closer", "plus", "zoom(0.5)", "Closer", "Zoom in at the cursor.", "plot", footer=False
    ),
    _act("plot.wider", "minus", "zoom(2)", "Wider", "Zoom out.", "plot", footer=False),
    _act("plot.whole", "0", "zoom(0)", "Whole", "The whole range.", "plot", footer=False),
    _act("plot.overlay", "o", "overlay", "Overlay", "One over the other, or mirrored.", "plot"),
    _act("intake.save", "f8", "save", "Save", "Save shipment and sample.", "intake"),
    _act("intake.clear", "f9", "clear", "Clear", "Empty the form.", "intake"),
    _act("batch.save", "f8", "save", "Save all", "Register all parcels, or none.", "batch"),
    _act("batch.clear", "f9", "clear", "Clear", "Empty the form.", "batch"),
    _act("backlog.order", "o", "order", "Order", "The same parcels in another order.", "backlog"),
    _act("backlog.submit", "enter", "submit", "Submit", "Take it to the intake.", "backlog"),
    _act("alerts.all", "x", "show_all", "All", "Show acknowledged notices too.", "alerts"),
    _act("alerts.open", "enter", "open", "Open", "Open the sample.", "alerts"),
    _act("board.open", "enter", "open", "Details", "What may be told about it.", "board"),
    _act("digest.before", "p", "day(-1)", "Day before", "The day before.", "digest"),
    _act("digest.after", "n", "day(1)", "Day after", "The day after.", "digest"),
    _act("quarantine.link", "l,enter", "link", "Link", "Link the file to a sample.", "quarantine"),
    _act(
        "quarantine.dismiss",
        "d",
        "dismiss_file",
        "Dismiss",
        "Close the file as no run, with a reason.",
        "quarantine",
    ),
    _act("quarantine.all", "x", "show_all", "All", "Show closed files too.", "quarantine"),
    _act("unknowns.open", "enter", "open", "Open", "Open the sample that came last.", "unknowns"),
    _act("unknowns.merge", "m", "merge", "Merge", "Say that it is another one's.", "unknowns"),
    _act("unknowns.split", "s", "split", "Split", "Take samples out of it.", "unknowns"),
    _act("unknowns.name", "n", "name", "Name", "Say what it was found to be.", "unknowns"),
    _act("unknowns.all", "x", "show_all", "All", "Show merged codes too.", "unknowns"),
    _act("controls.record", "v", "record", "Record", "Record a standard or a value.", "controls"),
    _act("controls.release", "l", "release", "Release", "Release held results.", "controls"),
    _act("entries.up", "up", "move(-1)", "▴", "Entry above.", "entries", footer=False),
    _act("entries.down", "down", "move(1)", "▾", "Entry below.", "entries", footer=False),
    _act("library.open", "enter", "open", "Look into", "The entries of the library.", "library"),
    _act("entries.mark", "m", "mark", "Mark", "Mark the entry, to compare it.", "entries"),
    _act(
        "entries.compare", "c", "compare", "Compare", "The marked entry with this one.", "entries"
    ),
    _act(
        "entries.nearest",
        "enter",
        "nearest",
        "Nearest",
        "What in the library is nearest to this entry, itself left out.",
        "entries",
    ),
    _act(
        "entries.words",
        "w",
        "words",
        "Words",
        "Say in words what the plot shows.",
        "entries",
        "compare",
        "neighbours",
        footer=False,
    ),
    _act("neighbours.compare", "c,enter", "compare", "Compare", "All about the two.", "neighbours"),
    _act("audit.verify", "f8", "verify", "Verify", "Check the whole chain.", "audit"),
    _act("audit.detail", "enter", "detail", "Detail", "The event in full.", "audit"),
)


def here(*places: str) -> tuple[Action, ...]:
    """Return the actions of the named screens or widgets, in the registry's order."""
    return tuple(a for a in ACTIONS if any(place in a.where for place in places))


def bindings(place: str) -> list[Binding]:
    """Return Textual bindings for a screen, a widget or the app."""
    from textual.binding import Binding

    return [
        Binding(a.key, a.do, a.label, show=a.footer, tooltip=a.says, id=f"{place}:{a.id}")
        for a in here(place)
    ]


_SPOKEN = {
    "slash": "/",
    "question_mark": "?",
    "full_stop": ".",
    "comma": ",",
    "plus": "+",
    "minus": "-",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "escape": "Esc",
    "enter": "Enter",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "shift+left": "Shift ←",
    "shift+right": "Shift →",
}


def spoken(key: str) -> str:
    """Return a key, or keys, as a person reads them."""
    names = []
    for name in key.split(","):
        plain = _SPOKEN.get(name, name)
        plain = f"Ctrl {plain[5:].upper()}" if plain.startswith("ctrl+") else plain
        names.append(plain.upper() if plain[0] == "f" and plain[1:].isdigit() else plain)
    return " or ".join(names)


def key_table(*places: str) -> list[tuple[str, str]]:
    """Return (key, what it does) for the places, for help screens and manuals."""
    return [(spoken(a.key), a.says) for a in here(*places)]
