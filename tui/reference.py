"""Writes ``docs/commands.md`` from the commands themselves, so that the two cannot disagree."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from tui.cli import COMMANDS, NOT_BUILT, cli


def commands() -> Iterator[tuple[str, click.Command]]:
    """Yield every command that can be run, by its full name, in the order of the help."""
    root = click.Context(cli, info_name="fol")
    for name in COMMANDS:
        command = cli.get_command(root, name)
        if command is not None:
            yield from _walk(f"fol {name}", command)


def _walk(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield from _walk(f"{path} {name}", child)


def markdown() -> str:
    """Return the whole reference page."""
    parts = [
        "# Commands\n",
        "Made from the commands themselves by `make docs`. Data goes to stdout, talk to stderr. "
        "Exit codes: "
        "0 done, 1 a bug, 2 usage or configuration, 3 refused by the record, "
        "4 unreadable or damaged data.\n",
        "Every reading command takes `--json` and prints one document "
        '`{"schema": "fol.<verb>/1", …}`; '
        "the shapes stand in [json.md](json.md).\n",
        "Not built yet, and said so when called: "
        + ", ".join(f"`fol {name}` ({what})" for name, what in NOT_BUILT.items())
        + ".\n",
    ]
    for path, command in commands():
        context = click.Context(command, info_name=path)
        parts.append(f"## {path}\n")
        parts.append(f"{(command.help or '').strip()}\n")
        if command.epilog:
            parts.append(f"{command.epilog.replace('Example: ', 'Example: `', 1)}`\n")
        rows = [
            record
            for parameter in command.get_params(context)
            if (record := parameter.get_help_record(context)) and not record[0].endswith("--help")
        ]
        if rows:
            parts.append("| option | meaning |\n| --- | --- |")
            parts += [f"| `{_cell(name)}` | {_cell(text)} |" for name, text in rows]
            parts[-1] += "\n"
    return "\n".join(parts)


def _cell(text: str) -> str:
    return text.replace("|", "/")


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(markdown(), encoding="utf-8")
