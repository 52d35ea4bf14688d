"""The full-screen app: modes, who is signed in, scanner, palette, leaving. Screens do the work.

First the frame, then the record: nothing is opened and no numpy is imported before the first paint.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen, Screen

from lims import clock
from lims.model import Role
from lims.workflow import EXAMINERS
from spectra.errors import LabError
from tui import actions, modes, process
from tui.desk import Desk
from tui.messages import Moved, RunMoved, Scanned
from tui.office_words import minutes_left
from tui.record import Identity, Record
from tui.scan import ScanCatcher
from tui.screens.base import LabScreen
from tui.seat import Seat
from tui.sitting import LOOK_S, Sitting
from tui.text import clean
from tui.theme import DARK, LIGHT
from tui.widgets.identity_bar import IdentityBar

if TYPE_CHECKING:
    from lims.shifts import ShiftClock
    from lims.stages import Stage
    from tui.signing_acts import Door
    from tui.taking import Taking

POLL_S = 2.0
"""How often the app looks whether others have written; one indexed query."""


class FolApp(App[int]):
    """The laboratory on one terminal.

    Parameters
    ----------
    lab_folder : Path
    person_id : str
        Who is signed in; every act is theirs.
    opener : callable, optional
        Opens the record, in the record's thread, after the first frame.
    glyphs : str
        What plots are drawn with: ``auto``, ``braille``, ``blocks`` or ``ascii``.
    """

    TITLE = "fol"
    CSS_PATH = [  # noqa: RUF012 - Textual's own
        f"styles/{name}.tcss"
        for name in (
            "app",
            "worklist",
            "sample",
            "review",
            "proposals",
            "board",
            "alerts",
            "digest",
            "intake",
            "audit",
            "quarantine",
            "library",
            "unknowns",
            "controls",
            "custody",
            "take_run",
            "office",
            "practice",
            "dialogs",
            "help",
        )
    ]
    MODES = modes.MODES  # type: ignore[assignment]
    DEFAULT_MODE = "worklist"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [
        *actions.bindings(actions.EVERYWHERE),
        Binding("ctrl+c", "copy_or_explain", show=False),
    ]

    def __init__(
        self,
        lab_folder: Path,
        person_id: str,
        *,
        opener: Callable[[], Record] | None = None,
        glyphs: str = "auto",
    ) -> None:
        super().__init__()
        self.glyphs = glyphs
        self.seat = Seat()
        self.desk: Desk[Record] = Desk(
            opener or (lambda: Record.open(lab_folder, person_id, self.seat))
        )
        self.sitting = Sitting(self)
        self.identity: Identity | None = None
        self._scanner = ScanCatcher()
        self._version: object = None
        self.waiting_files = 0
        self._window: ShiftClock | None = None
        self._left_open: set[str] = set()
        """Modes in which another person's screens may lie open."""
        self.taking: Taking | None = None
        """The run being taken; one at a time."""
        self.recent_folder = ""
        """Where the last file was taken from, for this session."""
        self.animation_level = "none"
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = DARK.name

    def on_ready(self) -> None:
        """After the first frame: load what draws spectra, beside the record."""
        self.run_worker(self.desk.aside(process.warm_up), exit_on_error=False)
        self.set_interval(POLL_S, self._look)
        self.set_interval(LOOK_S, self.sitting.look)
        if not self.is_headless:
            process.leave_on_signal(lambda code: self.exit(code, code))

    def _look(self) -> None:
        """Ask whether another program (a watcher, a colleague) has written to the record."""
        self._say_window()
        if self.identity is not None:
            self.run_worker(self._ask_version(), group="look", exclusive=True)

    async def _ask_version(self) -> None:
        # An unreadable record is told by whatever the person does next; a look stays quiet.
        with contextlib.suppress(LabError):
            self.post_message(Moved(await self.desk.call(lambda record: record.data_version())))

    def on_moved(self, event: Moved) -> None:
        """Let the screen read again what it shows."""
        before, self._version = self._version, event.version
        if before == event.version or not self._screen_stack:
            return
        screen = self.screen
        if isinstance(screen, LabScreen):
            if before is not None:
                screen.moved()
            screen.ask(lambda record: record.waiting_files(), self._count_files)
            screen.ask(lambda record: record.window(), self._take_window)

    @property
    def window_left(self) -> str:
        """How long the window of the shift is still open, in words; empty while none is."""
        opening = self._window.opening if self._window else None
        at = clock.now()
        if opening is None or not opening.is_open(at):
            return ""
        return minutes_left(opening.closes_at, at)

    def _take_window(self, window: ShiftClock) -> None:
        self._window = window
        self._say_window()

    def _say_window(self) -> None:
        """Let the minutes run on the screen that is shown, and take the next window in its turn."""
        screen = self.screen if self._screen_stack else None
        if not isinstance(screen, LabScreen) or not screen.is_mounted:
            return
        opening = self._window.opening if self._window else None
        if opening is not None and opening.closes_at <= clock.now():
            self._window = None
            screen.ask(lambda record: record.window(), self._take_window)
        for bar in screen.query(IdentityBar):
            bar.window = self.window_left

    def _count_files(self, waiting: int) -> None:
        """Say on every screen how many files wait to be linked."""
        self.waiting_files = waiting if self.may_examine else 0
        if self._screen_stack and isinstance(self.screen, LabScreen):
            self.screen.bar.files = self.waiting_files

    def on_unmount(self) -> None:
        """Close the record before the program ends; a run not yet being recorded is dropped."""
        if self.taking is not None:
            self.taking.stop()
        self.desk.close(last=lambda record: record.leave_seat())

    def identify(self, screen: LabScreen) -> None:
        """Give a screen lab and person, from the record the first time."""
        if self.identity is not None:
            screen.identified(self.identity)
            return

        def known(answer: tuple[Door, Identity]) -> None:
            door, identity = answer
            self.sitting.knows(door)
            first = self.identity is None
            self.identity = identity
            screen.identified(identity)
            if first:
                self._go_home(identity)

        screen.ask(lambda record: (record.door(), record.identity()), known)

    def seated(self, identity: Identity, *, is_another: bool) -> None:
        """Show who acts now; of another person's work nothing stays open."""
        self.identity = identity
        if is_another:
            self._to_main_screen()
            # What lies open in the other modes is closed when somebody goes there.
            self._left_open = set(self._screen_stacks) - {self.current_mode}
            if self.current_mode != (home := _home(identity)):
                self.action_go(home)
        for stack in self._screen_stacks.values():
            for screen in stack:
                if isinstance(screen, LabScreen) and screen.is_mounted:
                    screen.identified(identity)
                    screen.load()

    @property
    def has_stack(self) -> bool:
        """Whether any screen is shown yet, or still."""
        return bool(self._screen_stack)

    def _go_home(self, identity: Identity) -> None:
        """Officers begin at the board, liaisons at the day's figures."""
        if self.current_mode == "worklist" and (home := _home(identity)) != "worklist":
            self.switch_mode(home)

    @property
    def may_examine(self) -> bool:
        """Whether the person signed in sees case detail."""
        return self.identity is not None and bool(self.identity.person.roles & EXAMINERS)

    @property
    def timezone(self) -> str:
        """The lab's time zone; UTC until the lab is open."""
        return self.identity.timezone if self.identity else "UTC"

    async def on_event(self, event: events.Event) -> None:
        """Catch scanner bursts before any field sees them."""
        if isinstance(event, (events.Key, events.MouseDown, events.Paste)):
            self.sitting.touch()
        if isinstance(event, events.Key) and not event.is_forwarded:
            caught = self._scanner.feed(event.key, event.character, event.time)
            if caught.code:
                self.post_message(Scanned(caught.code))
            if caught.consumed:
                return
        await super().on_event(event)

    def on_scanned(self, event: Scanned) -> None:
        """Open the scanned sample; never while a decision is open."""
        screen = self.screen
        if isinstance(screen, ModalScreen):
            # A question that asks for a number takes it; it still decides nothing by itself.
            if (take := getattr(screen, "take_scan", None)) is not None:
                take(event.code)
                return
            self.bell()
            self.notify(
                "Scan ignored: answer the open question first.", severity="warning", markup=False
            )
            return
        if isinstance(screen, LabScreen):
            if (take := getattr(screen, "take_scan", None)) is not None:
                take(event.code)
                return
            unfinished = screen.is_unfinished()
            if unfinished:
                screen.failed(f"scan {clean(event.code, 60)} ignored: {unfinished}")
                return
            self.open_sample(screen, event.code)

    def submit(self, shipment: str) -> None:
        """Show the intake form with a registered parcel in it, as if its label had been scanned."""
        self.action_go("intake")
        screen = self.screen
        if (take := getattr(screen, "take_scan", None)) is not None:
            self.call_after_refresh(take, shipment)

    def open_sample(self, asker: LabScreen, number: str) -> None:
        """Show a sample to those who may see it; an unknown code is loud and changes nothing."""
        if not self.may_examine:
            asker.failed("case detail is for the laboratory", "Status stands on the board (F3).")
            return
        from tui.screens.sample import SampleScreen

        wanted = number.strip()
        asker.ask(
            lambda record: record.sample(wanted),
            lambda found: self._show_sample(SampleScreen(found)),
        )

    def _show_sample(self, screen: LabScreen) -> None:
        from tui.screens.review import Review
        from tui.screens.sample import SampleScreen

        while isinstance(self.screen, (SampleScreen, Review)):
            self.pop_screen()
        self.push_screen(screen)

    def take_run(self, sample: str, path: Path, portion: str, instrument: str = "") -> None:
        """Take a file as a run of a sample; the screens stay usable meanwhile."""
        from tui.taking import Taking

        def told(_: Stage) -> None:
            self.post_message(RunMoved(taking))

        taking = Taking(sample, path, portion, told, instrument)
        self.taking = taking
        self.run_worker(self._take(taking), group="taking", exit_on_error=False)
        self.post_message(RunMoved(taking))

    async def _take(self, taking: Taking) -> None:
        outcome = await taking.run(self.desk)
        self.post_message(RunMoved(taking, outcome))

    def on_run_moved(self, event: RunMoved) -> None:
        """Tell the sample's own screen; any other hears only of the end."""
        if event.outcome is not None:
            self.taking = None
        from tui.screens.sample import SampleScreen

        screens = [each for stack in self._screen_stacks.values() for each in stack]
        for screen in screens:
            if isinstance(screen, SampleScreen):
                screen.run_moved(event.taking, event.outcome)
        shown = self.screen
        if event.outcome is None or isinstance(shown, SampleScreen):
            return
        said = f"{event.taking.sample}: {event.outcome.text}"
        if not isinstance(shown, LabScreen):
            self.notify(clean(said, 300), markup=False)
        elif event.outcome.finding is None:
            shown.failed(said, event.outcome.hint)
        else:
            shown.notice(f"✓ {said}", kind="good")

    def action_go(self, mode: str) -> None:
        """Show a main screen."""
        if isinstance(self.screen, ModalScreen):
            return
        if (
            mode in ("worklist", "quarantine", "unknowns", "controls")
            and self.identity is not None
            and not self.may_examine
        ):
            mode = "board"
        if mode == self.current_mode:
            self._to_main_screen()
            return
        self.switch_mode(mode)
        if mode in self._left_open:
            self._left_open.discard(mode)
            self._to_main_screen()

    def _to_main_screen(self) -> None:
        while len(self.screen_stack) > 1:
            self.pop_screen()

    def back(self) -> None:
        """Leave the top screen; from a main screen go home."""
        if len(self.screen_stack) > 1:
            self.pop_screen()
        elif self.current_mode != "worklist":
            self.action_go("worklist")

    def action_step_back(self) -> None:
        """Leave the top screen, or what it has open."""
        if isinstance(self.screen, LabScreen):
            self.screen.step_back()

    def action_change_person(self) -> None:
        """Lock, and let somebody else, or the same person again, prove who they are."""
        if not isinstance(self.screen, ModalScreen):
            self.sitting.lock("locked", "Whoever goes on proves who they are.", changing=True)

    def action_command_palette(self) -> None:
        """Open the palette; never over the sign-in screen."""
        if not self.sitting.is_closed:
            super().action_command_palette()

    def action_help(self) -> None:
        """Show the page of this screen."""
        self._help(keys_only=False)

    def action_keys(self) -> None:
        """Show every key that works here."""
        self._help(keys_only=True)

    def _help(self, *, keys_only: bool) -> None:
        if isinstance(self.screen, ModalScreen):
            return
        from tui.screens.help import HelpScreen

        place = self.screen.PLACE if isinstance(self.screen, LabScreen) else ""
        self.push_screen(HelpScreen(place, keys_only=keys_only))

    def action_copy_or_explain(self) -> None:
        """Ctrl C copies a selection and never ends the program."""
        selection = self.screen.get_selected_text()
        if selection:
            self.copy_to_clipboard(clean(selection, multiline=True))
        else:
            self.notify("Ctrl Q leaves the program.", markup=False)

    def action_help_quit(self) -> None:
        """Textual's own answer to Ctrl C, in our words."""
        self.action_copy_or_explain()

    def action_leave(self) -> None:
        """Leave, asking first when something would be lost."""
        open_work = [
            said
            for stack in self._screen_stacks.values()
            for screen in stack
            if isinstance(screen, LabScreen) and (said := screen.is_unfinished())
        ]
        if isinstance(self.screen, ModalScreen):
            open_work.append("a question is open")
        if not open_work:
            self.exit(0)
            return
        from tui.screens.dialogs import Confirm

        def answered(sure: bool | None) -> None:
            if sure:
                if self.taking is not None:
                    self.taking.stop()
                self.exit(0)

        self.push_screen(Confirm("Leave the program?", open_work, yes="Leave"), answered)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Fill the palette from the registry of actions."""
        place = screen.PLACE if isinstance(screen, LabScreen) else ""
        for action in actions.here(place):
            yield SystemCommand(action.label, action.says, _runner(screen, action.do))
        for action in actions.here(actions.EVERYWHERE):
            yield SystemCommand(action.label, action.says, _runner(self, action.do))
        yield SystemCommand("Theme", "Dark or light colours.", self.action_change_theme)


def _home(identity: Identity) -> str:
    """Return the main screen somebody begins at."""
    if identity.person.roles & EXAMINERS:
        return "worklist"
    return "digest" if Role.LIAISON in identity.person.roles else "board"


def _runner(target: App[int] | Screen[object], do: str) -> Callable[[], object]:
    async def act() -> None:
        await target.run_action(do)

    return act


def run(lab_folder: Path, person_id: str, *, glyphs: str = "auto") -> int:
    """Run the app until the person leaves; return the exit code."""
    process.log_to(lab_folder)
    app = FolApp(lab_folder, person_id, glyphs=glyphs)
    app.run()
    return app.return_code or 0
