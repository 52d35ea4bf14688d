from __future__ import annotations

import pytest

from reports.silence import Presence, in_words, presence


def test_three_kinds_of_silence_are_three_states():
    none_found = presence(reported=True, submitted=4, tested=4, found=0)
    nothing = presence(reported=True)
    no_report = presence(reported=False)
    assert len({none_found, nothing, no_report}) == 3
    assert in_words(none_found, 4) == "tested, none found (0 of 4)"
    assert in_words(nothing) == "nothing submitted"
    assert in_words(no_report) == "no report received"


def test_submitted_but_untested_is_not_a_zero():
    assert presence(reported=True, submitted=3) is Presence.WAITING


def test_without_a_report_no_count_is_believed():
    assert presence(reported=False, submitted=9, tested=9, found=9) is Presence.NO_REPORT


def test_more_found_than_tested_is_refused():
    with pytest.raises(ValueError, match="do not fit"):
        presence(reported=True, submitted=1, tested=1, found=2)
