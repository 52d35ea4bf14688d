"""A form of labelled fields: keyboard only, all errors shown at once, each beside its field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Grid, VerticalScroll
from textual.widgets import Input, Static

from tui.text import as_text, clean


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One line of the form."""

    name: str
    label: str
    group: str
    hint: str = ""
    longest: int = 200


class FieldForm(VerticalScroll, can_focus=False):
    """Fields in two columns where there is room; ``values()`` gives them as typed."""

    DEFAULT_CSS = """
    FieldForm { height: 1fr; padding: 0 1; }
    FieldForm Grid { grid-size: 2; grid-columns: 19 1fr; grid-rows: 1; height: auto; }
    FieldForm .group { column-span: 2; text-style: bold; color: $accent; height: 1; }
    FieldForm .label { height: 1; color: $foreground; }
    FieldForm .bad { color: $error; text-style: bold; }
    FieldForm Input { border: none; height: 1; padding: 0 1; background: $panel; }
    FieldForm Input:focus { border: none; background: $primary 30%; }
    """

    def __init__(self, fields: Sequence[Field], *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._fields = tuple(fields)

    def compose(self) -> ComposeResult:
        """Lay the fields out, group by group."""
        group = ""
        with Grid():
            for field in self._fields:
                if field.group != group:
                    group = field.group
                    yield Static(Text(group), classes="group")
                yield Static(Text(field.label), id=f"label-{field.name}", classes="label")
                yield Input(
                    placeholder=field.hint,
                    id=f"field-{field.name}",
                    max_length=field.longest,
                    select_on_focus=False,
                )

    def on_mount(self) -> None:
        """Stop the cursor from blinking: it sends bytes for nothing over a slow line."""
        for field in self.query(Input):
            field.cursor_blink = False

    def values(self) -> dict[str, str]:
        """Return every field as typed, outer blanks removed."""
        return {f.name: self._input(f.name).value.strip() for f in self._fields}

    def fill(self, values: Mapping[str, str]) -> None:
        """Put texts into fields by name; the other fields stay as they are."""
        for name, value in values.items():
            self._input(name).value = value

    def is_touched(self) -> bool:
        """Say whether anything was typed."""
        return any(self.values().values())

    def clear(self) -> None:
        """Empty all fields and forget errors."""
        for field in self._fields:
            self._input(field.name).value = ""
        self.show_errors({})
        self.focus_first()

    def focus_first(self) -> None:
        """Put the cursor into the first field."""
        self._input(self._fields[0].name).focus()

    def show_errors(self, errors: Mapping[str, str]) -> None:
        """Mark all wrong fields at once and go to the first of them."""
        for field in self._fields:
            label = self.query_one(f"#label-{field.name}", Static)
            wrong = errors.get(field.name, "")
            label.set_class(bool(wrong), "bad")
            label.update(as_text(f"✗ {field.label}" if wrong else field.label))
            # An empty field can say itself what it lacks.
            self._input(field.name).placeholder = clean(wrong) if wrong else field.hint
        for field in self._fields:
            if field.name in errors:
                self._input(field.name).focus()
                return

    def spoken_errors(self, errors: Mapping[str, str]) -> str:
        """Return the errors as lines, in the order of the fields."""
        named = [(f.label, errors[f.name]) for f in self._fields if f.name in errors]
        return "\n".join(f"✗ {clean(label)}: {clean(text)}" for label, text in named)

    def _input(self, name: str) -> Input:
        return self.query_one(f"#field-{name}", Input)
