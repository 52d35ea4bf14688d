"""Scanner bursts between STX and CR."""

from __future__ import annotations

import pytest

from tui.scan import LONGEST, SILENCE_S, START_KEY, ScanCatcher


def burst(catcher: ScanCatcher, code: str, start_s: float = 0.0, gap_s: float = 0.001) -> str:
    """Feed one whole scan; return the code it gave."""
    at = start_s
    assert catcher.feed(START_KEY, "\x02", at).consumed
    for character in code:
        at += gap_s
        assert catcher.feed(character, character, at).consumed
    return catcher.feed("enter", "\r", at + gap_s).code


def test_a_burst_gives_its_code_and_swallows_its_keys() -> None:
    assert burst(ScanCatcher(), "NOG-26-00001-K") == "NOG-26-00001-K"


def test_two_hundred_scans_back_to_back_are_all_caught() -> None:
    catcher = ScanCatcher()
    codes = [burst(catcher, f"NOG-26-{n:05d}", start_s=n * 0.02) for n in range(200)]
    assert codes == [f"NOG-26-{n:05d}" for n in range(200)]
    assert catcher.lost == 0


def test_typing_without_prefix_passes_through() -> None:
    catcher = ScanCatcher()
    for key in ("a", "enter", "f2"):
        assert not catcher.feed(key, key, 1.0).consumed


def test_silence_ends_a_burst_and_the_next_key_is_the_persons() -> None:
    catcher = ScanCatcher()
    catcher.feed(START_KEY, "\x02", 0.0)
    catcher.feed("A", "A", 0.01)
    late = catcher.feed("b", "b", 0.01 + SILENCE_S + 0.01)
    assert not late.consumed
    assert not catcher.feed("enter", "\r", 0.5).code
    assert catcher.lost == 1


def test_a_gap_just_inside_the_limit_keeps_the_burst() -> None:
    assert burst(ScanCatcher(), "AB", gap_s=SILENCE_S * 0.99) == "AB"


def test_controls_inside_a_burst_are_dropped() -> None:
    catcher = ScanCatcher()
    catcher.feed(START_KEY, "\x02", 0.0)
    for key, character in (("A", "A"), ("escape", "\x1b"), ("up", None), ("B", "B")):
        assert catcher.feed(key, character, 0.01).consumed
    assert catcher.feed("enter", "\r", 0.02).code == "AB"


def test_a_second_prefix_starts_anew() -> None:
    catcher = ScanCatcher()
    catcher.feed(START_KEY, "\x02", 0.0)
    catcher.feed("X", "X", 0.001)
    assert burst(catcher, "Y", start_s=0.002) == "Y"


@pytest.mark.parametrize("length", [400, LONGEST])
def test_a_long_code_comes_whole(length: int) -> None:
    assert burst(ScanCatcher(), "q" * length, gap_s=0.0001) == "q" * length


def test_an_endless_burst_is_given_up() -> None:
    catcher = ScanCatcher()
    catcher.feed(START_KEY, "\x02", 0.0)
    for _ in range(LONGEST + 1):
        catcher.feed("x", "x", 0.0)
    assert not catcher.feed("y", "y", 0.0).consumed
    assert catcher.lost == 1
