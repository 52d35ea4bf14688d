"""Every command has help, an example and its place in the manual."""

from pathlib import Path

import pytest

from tui import reference
from tui.cli import NOT_BUILT, main

ROOT = Path(__file__).resolve().parents[2]
ALL = list(reference.commands())


@pytest.mark.parametrize(("name", "command"), ALL, ids=[name for name, _ in ALL])
def test_command_has_help_and_an_example(name, command):
    assert command.help, name
    assert command.epilog, name
    assert command.epilog.startswith("Example: fol "), name


def test_manual_is_the_one_the_commands_make():
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert page == reference.markdown(), "run `make docs`"


@pytest.mark.parametrize(("name", "command"), ALL, ids=[name for name, _ in ALL])
def test_whoever_acts_can_also_name_the_lab(name, command):
    options = {opt for parameter in command.params for opt in parameter.opts}
    assert "--as" not in options or "--lab" in options


@pytest.mark.parametrize("name", sorted(NOT_BUILT))
def test_what_is_not_built_says_so(name, capsys):
    assert main([name]) == 2
    assert "not built yet" in capsys.readouterr().err


def test_unknown_command_is_a_usage_error(capsys):
    assert main(["frobnicate"]) == 2
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    assert "frobnicate" in captured.err
