"""The command line: one lazy table of commands, and the one place where errors become exit codes.

Must not import numpy, textual, rich, matchms or any package of the record before a command runs.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any

import click

EXIT_BUG, EXIT_USAGE, EXIT_RECORD, EXIT_DATA = 1, 2, 3, 4

# name -> (module:object, one line for --help). Nothing is imported until a command is invoked.
COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("tui.commands.lab:init", "Make an empty lab folder, ready, with its key."),
    "demo": ("tui.commands.lab:demo", "Play one night at a port and leave a lab to explore."),
    "tui": ("tui.commands.lab:tui_", "Open the app in this terminal."),
    "person": ("tui.commands.person:person", "People, their roles and secrets: add, change, pin."),
    "sign-in": ("tui.commands.signing:sign_in", "Open a session with your password."),
    "sign-out": ("tui.commands.signing:sign_out", "End your session."),
    "lock": ("tui.commands.signing:lock", "Lock your session; the PIN opens it again."),
    "unlock": ("tui.commands.signing:unlock", "Open your locked session with PIN or password."),
    "switch": ("tui.commands.signing:switch", "Change over to a colleague who signed in before."),
    "who": ("tui.commands.signing:who", "Who acts here, and whose sessions go on."),
    "read": ("tui.commands.files:read", "Read instrument exports and say what is in them."),
    "export": ("tui.commands.files:export_", "Write what was read in an open format."),
    "match": ("tui.commands.files:match", "Match exports against reference libraries."),
    "library": ("tui.commands.library:library", "Reference libraries: import, list, show, verify."),
    "reference": (
        "tui.commands.reference:reference",
        "References of the lab's own: propose, approve, withdraw, list.",
    ),
    "again": ("tui.commands.again:again", "Search stored unknowns in libraries that have grown."),
    "substance": ("tui.commands.substance:substance", "Facts, class, hazard group and law."),
    "law": ("tui.commands.law:law", "Legal rules: list, show, import, review stored findings."),
    "shipment": ("tui.commands.shipment:shipment", "Parcels and conveyances: add, list, show."),
    "sample": ("tui.commands.sample:sample", "Samples: add, list, show, transfer, portion."),
    "test": ("tui.commands.bench_test:test", "Colour and other tests by hand: add, review, list."),
    "sampling": (
        "tui.commands.sampling:sampling",
        "Sampling plans of many units: plan, unit, enlarge, show.",
    ),
    "container": (
        "tui.commands.container:container",
        "Boxes and bags of samples: add, put, seal, move, list.",
    ),
    "seals": ("tui.commands.custody:seals", "Seals issued to the lab: issue, list, check."),
    "custody": ("tui.commands.custody:custody", "Settings of custody, quota, and the balances."),
    "hold": ("tui.commands.custody:hold", "Legal holds: set, lift, list."),
    "disposal": ("tui.commands.custody:disposal", "The end of evidence: order, destroy, list."),
    "instrument": (
        "tui.commands.instrument:instrument",
        "Instruments: add, list, verify, and how the text each writes is read.",
    ),
    "control": (
        "tui.commands.control:control",
        "Controls and blanks: add, record, list, chart, holds, release.",
    ),
    "material": ("tui.commands.material:material", "Lots of reagents and reference materials."),
    "ingest": ("tui.commands.bench:ingest", "Keep a file, read it, match it, record the finding."),
    "watch": ("tui.commands.watch:watch", "Take what instruments write into a folder."),
    "quarantine": ("tui.commands.bench:quarantine", "Files that wait: list, link, dismiss."),
    "queue": ("tui.commands.bench:queue", "The scientists' work list."),
    "office": (
        "tui.commands.office_overview:office",
        "How cases, notices, other labs, shift and turnaround stand.",
    ),
    "case": ("tui.commands.case:case", "Cases: open, link, outcome, matches, list, show, close."),
    "shift": ("tui.commands.office:shift", "The windows in which goods wait: show, set."),
    "cover": ("tui.commands.office:cover", "Who is here when: add, list, cancel, waiting."),
    "notice": ("tui.commands.office:notice", "Offers to investigators: send, accept, list."),
    "board": ("tui.commands.bench:board", "The officers' board: what is known of each sample."),
    "alerts": ("tui.commands.bench:alerts", "Hazard notices, and their acknowledgement."),
    "review": ("tui.commands.bench:review", "Accept a finding, or send it back, as second person."),
    "sign": ("tui.commands.bench:sign", "Accept a finding: short for `review --accept`."),
    "confirmation": (
        "tui.commands.unknown:confirmation",
        "Candidates at a regional lab: list, send, answer.",
    ),
    "unknown": (
        "tui.commands.unknown:unknown",
        "Unknowns that are alike: list, show, merge, split, name, gather.",
    ),
    "candidate": ("tui.commands.bench:candidate", "Confirm or dismiss an analogue candidate."),
    "propose": (
        "tui.commands.propose:propose",
        "Structures for a candidate: proposed, not identified.",
    ),
    "conclude": ("tui.commands.bench:conclude", "Conclude a sample by the encoded rule."),
    "release": ("tui.commands.bench:release", "Release a shipment whose samples are answered."),
    "seize": ("tui.commands.bench:seize", "Record the seizure of a shipment."),
    "practice": (
        "tui.commands.practice:practice",
        "Judge past runs again: list, show, answer, tally.",
    ),
    "report": ("tui.commands.report:report", "Finished documents: the daily report."),
    "turnaround": ("tui.commands.turnaround:turnaround", "How long each stage takes."),
    "trends": ("tui.commands.report:trends", "Counts and shares against the weeks before."),
    "push": ("tui.commands.report:push", "Send what waits in the outbox to headquarters."),
    "pull": ("tui.commands.pull:pull", "Take headquarters' codes and names for unknowns."),
    "outbox": ("tui.commands.report:outbox", "What was sent, what waits, what needs a person."),
    "hub": ("tui.commands.hub:hub", "Headquarters: serve, enroll, ingest, digest, flag."),
    "audit": ("tui.commands.audit:audit", "Verify and show the event log."),
    "bundle": ("tui.commands.care:bundle", "All there is on one sample, with proofs, in a zip."),
    "backup": ("tui.commands.care:backup", "Copy the lab and verify the copy."),
    "restore": ("tui.commands.care:restore", "Make a lab of a backup, or check one."),
    "doctor": ("tui.commands.care:doctor", "Look at the lab and this computer; say what to do."),
}

# Named in the manual of the whole system, not built in this version: said so, never pretended.
NOT_BUILT = {
    "serve": "the guarded browser front end",
}


class LazyGroup(click.Group):
    """A group whose commands are imported when invoked and whose help imports none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table: the order of a night's work."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command."""
        if cmd_name in NOT_BUILT:
            raise click.UsageError(f"{NOT_BUILT[cmd_name]} ({cmd_name}) is not built yet.")
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command = getattr(import_module(module), name)
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the command list from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--lab", "lab_folder", metavar="PATH", help="Lab folder; else FOL_LAB, else yours.")
@click.option("--as", "acting", metavar="PERSON", help="Who acts; else FOL_PERSON, else you.")
@click.option(
    "--pin-file", metavar="FILE", help="Where a script's secrets are read, one a line: /dev/fd/3."
)
@click.option("--session-file", metavar="FILE", help="A session of a script; else your own.")
@click.version_option(package_name="fol-lims", prog_name="fol")
@click.pass_context
def cli(
    ctx: click.Context,
    lab_folder: str | None,
    acting: str | None,
    pin_file: str | None,
    session_file: str | None,
) -> None:
    """Run the software of a forward operating lab.

    Data goes to stdout, talk to stderr. Reading commands take --json. Exit codes: 0 done, 1 a bug,
    2 usage or configuration, 3 refused by the record, 4 unreadable or damaged data.

    Example: fol match powder.jdx --library training
    """
    obj = ctx.ensure_object(dict)
    obj |= {"lab": lab_folder, "as": acting, "session_file": session_file}
    if pin_file is not None and "secrets" not in obj:
        from tui.secret_prompt import SecretFile

        obj["secrets"] = SecretFile(pin_file)


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code; no traceback ever reaches a user."""
    from spectra.errors import LabError

    try:
        result = _until_signed(argv)
    except click.exceptions.Exit as stop:
        return _leave(stop.exit_code)
    except click.Abort:
        return _leave(130, "Stopped; nothing more was written.")
    except click.ClickException as error:
        _say(f"Error: {error.format_message()}")
        if isinstance(error, click.UsageError) and error.ctx is not None:
            _say(f"Hint: try `{error.ctx.command_path} --help`.")
        return _leave(EXIT_USAGE)
    except LabError as error:
        return _leave(exit_code_of(error), f"Error: {error.message}", error.hint)
    except BrokenPipeError:
        # The reader of our stdout went away (`fol board | head`); point it elsewhere and be quiet.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _leave(*_system(error))
    except MemoryError:
        return _leave(EXIT_DATA, "Error: not enough memory for this; nothing was written.")
    except Exception as error:  # noqa: BLE001 - the edge of the program: log it, tell it in one line
        return _leave(EXIT_BUG, *_bug(error))
    return _leave(result if isinstance(result, int) else 0)


def _until_signed(argv: list[str] | None) -> object:
    """Run a command; where the record asks for a signature, once more with it."""
    proofs: list[object] = []
    given: dict[str, Any] = {"proofs": proofs}
    args = sys.argv[1:] if argv is None else list(argv)
    try:
        while True:
            try:
                return cli.main(args=list(args), prog_name="fol", standalone_mode=False, obj=given)
            except Exception as stop:
                if type(stop).__name__ != "Again":  # its module is imported only by who raises it
                    raise
                if (proof := getattr(stop, "proof", None)) is not None:
                    proofs.append(proof)
    finally:
        if (secrets := given.get("secrets")) is not None:
            secrets.close()


def exit_code_of(error: Exception) -> int:
    """Return the exit code of one of our errors."""
    from lims.errors import ConfigError, RecordError
    from reports.errors import ReportError

    if isinstance(error, ConfigError):
        return EXIT_USAGE
    return EXIT_RECORD if isinstance(error, (RecordError, ReportError)) else EXIT_DATA


def _system(error: OSError) -> tuple[int, str, str]:
    import errno

    name = f" ({error.filename})" if error.filename else ""
    text = f"Error: {error.strerror or error}{name}"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return EXIT_RECORD, text, "Free some space and repeat; acts already recorded are safe."
    if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
        return EXIT_USAGE, text, "Check who owns the folder and whether it can be written."
    return EXIT_USAGE, text, ""


def _bug(error: Exception) -> tuple[str, str]:
    import traceback

    from tui.output import log_file

    try:
        path = log_file()
        with path.open("a", encoding="utf-8") as log:
            traceback.print_exception(error, file=log)
        hint = f"Details are in {path}; nothing half-done was kept."
    except OSError:
        hint = "The log could not be written either."
    return f"Error: a fault in fol itself ({type(error).__name__}).", hint


def _leave(code: int | str | None, message: str = "", hint: str = "") -> int:
    if message:
        _say(message)
    if hint:
        _say(f"Hint: {hint}")
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code if isinstance(code, int) else 0


def _say(text: str) -> None:
    from tui.text import clean

    click.echo(clean(text), err=True)


def run() -> None:
    """Entry point of the ``fol`` script."""
    # One query does not gain from a second BLAS thread, and on a busy bench computer loses by it.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    sys.exit(main())


if __name__ == "__main__":
    run()
