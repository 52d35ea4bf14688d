"""docs/formats.md says of every format what the program does with it: one row each, no more."""

import re
import tomllib
from pathlib import Path

from instruments import refusals
from instruments.registry import supported

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
EXTRAS = {
    "opentfraw": "thermo",
    "openszraw": "shimadzu",
    "python_calamine": "excel",
}


def rows(title):
    part = PAGE.split(f"## {title}")[1].split("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_every_reader_has_a_row_with_its_endings():
    told = {row[0].strip("`"): tuple(re.findall(r"`([^`]+)`", row[2])) for row in rows("Read")}
    assert told == dict(supported())


def test_every_refusal_has_a_row_with_its_hint():
    told = {tuple(row) for row in rows("Refused")}
    assert told == {(each.what, each.hint) for each in refusals.every()}


def test_every_optional_package_is_an_extra_that_the_page_names():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"]
    needed = {word for row in rows("Read") for word in re.findall(r"`([a-z]+)`", row[4])}
    assert needed == set(EXTRAS.values())
    for module, extra in EXTRAS.items():
        assert module.replace("_", "-") in extras[extra][0]
        assert extra in extras["formats"][0]


def test_code_names_the_extra_of_each_package():
    code = "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "instruments").rglob("*.py")
    )
    asked = set(re.findall(r'package\("([a-z_]+)[^"]*", "[a-z-]+", "([a-z]+)"', code))
    assert asked == set(EXTRAS.items())
