"""Every command has help, an example and its place in the manual."""

from pathlib import Path

import click
import pytest

from tui import reference
from tui.cli import COMMANDS, NOT_BUILT, main

ROOT = Path(__file__).resolve().parents[2]
ALL = list(reference.commands())


@pytest.mark.parametrize(("name", "command"), ALL, ids=[name for name, _ in ALL])
def test_command_has_help_and_an_example(name, command):
    assert command.help, name
    assert command.epilog, name
    assert command.epilog.startswith("Example: fol "), name


@pytest.mark.parametrize(("name", "command"), ALL, ids=[name for name, _ in ALL])
def test_every_option_of_a_writing_command_can_name_who_acts(name, command):
    options = {opt for parameter in command.params for opt in parameter.opts}
    if "--as" in options:
        assert "--lab" in options


def test_manual_is_the_one_the_commands_make():
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert page == reference.markdown(), "run `make docs`"


def test_help_of_the_table_is_the_help_of_the_command():
    for name in COMMANDS:
        command = dict(ALL)[f"fol {name}"]
        assert isinstance(command, click.Command)


@pytest.mark.parametrize("name", sorted(NOT_BUILT))
def test_what_is_not_built_says_so(name, capsys):
    assert main([name]) == 2
    assert "not built yet" in capsys.readouterr().err


def test_unknown_command_is_a_usage_error(capsys):
    assert main(["frobnicate"]) == 2
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    assert "frobnicate" in captured.err
