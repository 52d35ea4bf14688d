"""Barcode scanners: bursts of keys between STX and CR, caught before any field sees them.

Gaps are measured with the keys' own time, so that a busy screen loses no scan. Knows no screens.
"""

from __future__ import annotations

from dataclasses import dataclass, field

START_KEY = "ctrl+b"  # STX, 0x02, as Textual names it
END_KEYS = ("enter", "ctrl+j")
SILENCE_S = 0.250
LONGEST = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Caught:
    """What a key meant: swallowed by a scan or not, and the code when it ended one."""

    consumed: bool
    code: str = ""


_PASSED = Caught(consumed=False)
_SWALLOWED = Caught(consumed=True)


@dataclass(slots=True)
class ScanCatcher:
    """Collects one burst at a time. Feed it every key in order."""

    _characters: list[str] | None = None
    _last_s: float = 0.0
    lost: int = field(default=0, init=False)
    """Bursts given up: silence inside, or too long."""

    def feed(self, key: str, character: str | None, time_s: float) -> Caught:
        """Take one key and say what it meant.

        Parameters
        ----------
        key : str
            Textual's name of the key.
        character : str or None
            What it types; controls inside a burst are dropped.
        time_s : float
            The key's own time in seconds (``event.time``), not the time of handling.
        """
        if self._characters is not None and time_s - self._last_s > SILENCE_S:
            self._give_up()
        self._last_s = time_s
        if key == START_KEY:
            if self._characters:
                self.lost += 1
            self._characters = []
            return _SWALLOWED
        if self._characters is None:
            return _PASSED
        if key in END_KEYS:
            code, self._characters = "".join(self._characters).strip(), None
            return Caught(consumed=True, code=code)
        if character is not None and character.isprintable():
            self._characters.append(character)
        if len(self._characters) > LONGEST:
            self._give_up()
        return _SWALLOWED

    def _give_up(self) -> None:
        self._characters = None
        self.lost += 1
