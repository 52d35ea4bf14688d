"""What may be imported when: seen in a process of its own, because a linter cannot see deferral."""

import subprocess
import sys

import pytest

HEAVY = {
    "textual",
    "numpy",
    "scipy",
    "matchms",
    "rdkit",
    "numba",
    "pyteomics",
    "matplotlib",
    "typst",
    "sqlite_utils",
    "httpx",
    "starlette",
    "cryptography",
    "jinja2",
    "lxml",
}


def modules_after(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    return {name.partition(".")[0] for name in done.stdout.split()}


def test_help_imports_nothing_heavy():
    loaded = modules_after("from tui.cli import main\nassert main(['--help']) == 0")
    assert not loaded & HEAVY


@pytest.mark.parametrize(
    "package", ["spectra", "libraries", "instruments", "lims", "reports", "tui"]
)
def test_package_roots_are_light(package):
    assert not modules_after(f"import {package}") & HEAVY


def test_matching_does_not_load_what_is_slow_to_load():
    loaded = modules_after("import lims.matching, libraries.library, instruments.registry")
    assert not loaded & {"matchms", "rdkit", "numba", "matplotlib", "textual", "pandas", "typst"}


def test_command_line_does_not_load_textual():
    code = "import tui.commands.files, tui.commands.bench, tui.commands.sample, tui.commands.report"
    assert "textual" not in modules_after(code)
