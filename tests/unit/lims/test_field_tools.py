import pytest
from hypothesis import given
from hypothesis import strategies as st

from lims import field_tools
from lims.field_tools import Said, Tool


@pytest.mark.parametrize(
    ("tool", "result", "said"),
    [
        ("TruScan", "no match", Said.NO_MATCH),
        ("TruScan", "No Match.", Said.NO_MATCH),
        ("TruScan", "", Said.NO_MATCH),
        ("", "not in library", Said.NO_MATCH),
        ("test strip", "negative", Said.NO_MATCH),
        ("TruScan", "fentanyl", Said.NAMED),
        ("", "cocaine", Said.NAMED),
        ("", "", Said.NOT_TESTED),
        (" ", "", Said.NOT_TESTED),
        ("TruScan", "not tested", Said.NOT_TESTED),
    ],
)
def test_silence_of_a_tool_is_not_the_absence_of_one(tool, result, said):
    assert field_tools.said(tool, result) is said


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("handheld Raman", Tool.RAMAN),
        ("TruNarc", Tool.RAMAN),
        ("HazMatID FTIR", Tool.INFRARED),
        ("Itemiser IMS", Tool.ION_MOBILITY),
        ("MX908 mass spec", Tool.MASS_SPECTROMETRY),
        ("Marquis reagent", Tool.COLOUR_TEST),
        ("fentanyl test strip", Tool.TEST_STRIP),
        ("nose of a dog", Tool.OTHER),
        ("", Tool.NOT_STATED),
        ("circular saw", Tool.OTHER),  # holds the letters "ir"
    ],
)
def test_tool_is_known_by_its_words(typed, kind):
    assert field_tools.kind(typed) is kind


@given(st.text(max_size=60))
def test_kind_of_a_kind_is_itself(typed):
    kind = field_tools.kind(typed)
    assert field_tools.kind(kind.value) is kind
