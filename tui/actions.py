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
    _go("ctrl+r", "office", "Office", "Cases, notices, other labs, shift, turnaround, practice."),
    _act(
        "app.person",
        "ctrl+y",
        "change_person",
        "Change person",
        "Lock the screen; whoever goes on proves who they are.",
        EVERYWHERE,
        footer=False,
    ),
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
        "office",
        "cases",
        "notices",
        "outside",
        "shift",
        "turnaround",
        "by_hand",
        "certificates",
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
    _act(
        "sample.by_hand",
        "h",
        "by_hand",
        "By hand",
        "Colour tests and the sampling plan of the sample.",
        "sample",
        footer=False,
    ),
    _act(
        "sample.send",
        "s",
        "send_away",
        "Send",
        "Send the sample to another lab.",
        "sample",
        footer=False,
    ),
    _act(
        "sample.notify",
        "n",
        "offer_parcel",
        "Notify",
        "Offer the parcel to investigators.",
        "sample",
        footer=False,
    ),
    _act(
        "sample.case",
        "e",
        "into_case",
        "Case",
        "Put the sample into a case, or open one with it.",
        "sample",
        footer=False,
    ),
    _act(
        "sample.reports",
        "d",
        "reports",
        "Reports",
        "Reports on the sample: write, review, issue, amend, withdraw.",
        "sample",
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
    _act(
        "review.words",
        "w",
        "words",
        "Words",
        "Say in words what the plot shows.",
        "review",
        "practice",
    ),
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
    _act("certificates.preview", "enter", "preview", "Read", "Read it.", "certificates"),
    _act("certificates.draft", "n", "draft", "Write", "Write the report.", "certificates"),
    _act(
        "certificates.preliminary",
        "p",
        "draft_preliminary",
        "Preliminary",
        "Write a preliminary report.",
        "certificates",
        footer=False,
    ),
    _act("certificates.accept", "f8", "accept", "Accept", "Accept in review.", "certificates"),
    _act("certificates.return", "f9", "send_back", "Send back", "Send it back.", "certificates"),
    _act("certificates.issue", "i", "issue", "Issue", "Authorise its release.", "certificates"),
    _act("certificates.amend", "m", "amend", "Amend", "Write its successor.", "certificates"),
    _act("certificates.give", "g", "give", "Copy", "Who was given a copy.", "certificates"),
    _act(
        "certificates.withdraw",
        "w",
        "withdraw",
        "Withdraw",
        "Withdraw it: quality manager and lead.",
        "certificates",
    ),
    _act(
        "certificates.print",
        "b",
        "print",
        "PDF",
        "Write it as PDF into the present folder.",
        "certificates",
        footer=False,
    ),
    _act("controls.record", "v", "record", "Record", "Record a standard or a value.", "controls"),
    _act("controls.release", "l", "release", "Release", "Release held results.", "controls"),
    _act("office.open", "enter", "open", "Open", "Open that part of the office.", "office"),
    *(
        _act(
            f"office.part_{place}",
            str(place),
            f"part({place - 1})",
            str(place),
            f"Open part {place}.",
            "office",
            footer=False,
        )
        for place in range(1, 7)
    ),
    _act(
        "office.sample",
        "enter",
        "open",
        "Sample",
        "Open the sample.",
        "cases",
        "notices",
        "outside",
        "shift",
    ),
    _act("cases.new", "n", "new", "New", "Open a case.", "cases"),
    _act("cases.link", "l", "link", "Link", "Link a shipment or sample to it.", "cases"),
    _act("cases.outcome", "o", "outcome", "Outcome", "Write back what became of it.", "cases"),
    _act(
        "cases.dismiss",
        "d",
        "dismiss_parcel",
        "Dismiss",
        "Say that a parcel has nothing to do with it.",
        "cases",
    ),
    _act("cases.close", "k", "close_case", "Close", "Close the case.", "cases"),
    _act("cases.all", "x", "show_all", "All", "Show closed cases too.", "cases"),
    _act("notices.new", "n", "new", "New", "Offer a parcel to investigators.", "notices"),
    _act("notices.accept", "a", "accept", "Accept", "Record that they take it.", "notices"),
    _act("notices.decline", "d", "decline", "Decline", "Record that they do not.", "notices"),
    _act("notices.seen", "v", "seen", "Seen", "A changed answer was read.", "notices"),
    _act("notices.lift", "l", "lift", "Lift", "End an embargo.", "notices"),
    _act("notices.all", "x", "show_all", "All", "Show answered notices too.", "notices"),
    _act("outside.answer", "a", "answer", "Answer", "Record what they answered.", "outside"),
    _act("outside.arrived", "v", "arrived", "Arrived", "They have the sample.", "outside"),
    _act("outside.send", "s", "send", "Send", "Send a sample to another lab.", "outside"),
    _act("outside.all", "x", "show_all", "All", "Show what was answered too.", "outside"),
    _act("shift.mark", "m,space", "mark", "Mark", "Mark the sample, to send several.", "shift"),
    _act("shift.send", "s", "send", "Send", "Send what is marked to another lab.", "shift"),
    _act("shift.plan", "n", "plan", "Plan", "Plan that somebody is present.", "shift"),
    _act("shift.cancel", "d", "cancel_cover", "Cancel", "Take a presence back.", "shift"),
    _act("shift.windows", "w", "windows", "Windows", "Set the windows of the week.", "shift"),
    _act("shift.all", "x", "show_all", "All", "Show what is met in time too.", "shift"),
    _act("turnaround.period", "o", "period", "Period", "A week to a year back.", "turnaround"),
    _act("by_hand.new", "n", "new_test", "Test", "Record a test made by hand.", "by_hand"),
    _act("by_hand.accept", "f8", "accept", "Accept", "Accept the test, after a dialog.", "by_hand"),
    _act("by_hand.return", "f9", "send_back", "Send back", "Send the test back.", "by_hand"),
    _act("by_hand.plan", "p", "plan", "Plan", "Plan a sampling and draw the units.", "by_hand"),
    _act("by_hand.unit", "u", "unit", "Unit", "Record what a unit gave.", "by_hand"),
    _act("by_hand.enlarge", "g", "enlarge", "Draw more", "Draw further units.", "by_hand"),
    _act(
        "practice.candidate",
        "c",
        "candidate",
        "Candidate",
        "Say that it is a candidate analogue, not in the library.",
        "practice",
    ),
    _act("practice.none", "m", "no_match", "No match", "Say that it matches nothing.", "practice"),
    _act("practice.next", "full_stop", "next", "Next", "Take another exercise.", "practice"),
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
