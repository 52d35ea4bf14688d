"""Whatever is merged, split and named: no member is lost, no code is given twice, all lead home."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lims import audit, unknown_care, unknown_queries
from lims.errors import RecordError
from lims.unknown_model import ClusterState
from tests.lims_builders import a_finding, a_lab, a_sample
from tests.unknown_builders import BENZYL, ENERGIES, FURAN, an_ion, an_unknown, diluted

SPECTRA = (
    an_unknown(FURAN, class_name="fentanyl"),
    an_unknown(diluted(FURAN)),
    an_unknown(BENZYL),
    an_unknown(curve=(700.0, 1650.0), kind="ftir"),
    an_unknown(curve=(820.0, 1210.0), kind="raman"),
    an_ion(ENERGIES[10]),
    an_ion(ENERGIES[30]),
    an_ion(ENERGIES[90]),
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("find"), st.integers(0, 3), st.integers(0, len(SPECTRA) - 1)),
        st.tuples(st.just("merge"), st.integers(1, 6), st.integers(1, 6)),
        st.tuples(st.just("split"), st.integers(1, 6), st.integers(0, 3)),
        st.tuples(st.just("name"), st.integers(1, 6), st.integers(0, 1)),
    ),
    min_size=3,
    max_size=16,
)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(STEPS)
def test_members_are_never_lost_and_every_code_ever_given_leads_to_where_they_are(steps):
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        lab = a_lab(folder / "lab")
        samples = [a_sample(lab).number for _ in range(4)]
        findings, given_out = [], {}
        for what, one, two in steps:
            try:
                if what == "find":
                    findings.append(a_finding(lab, folder, samples[one], SPECTRA[two]).id)
                elif what == "merge":
                    unknown_care.merge(lab, "ana", str(one), str(two), "x")
                elif what == "split":
                    unknown_care.split(lab, "ana", str(one), [samples[two]], "x")
                else:
                    name = ("heroin", "cocaine")[two]
                    unknown_care.name(lab, "rex", str(one), name, "x", again=True)
            except RecordError:
                continue  # refused: nothing was written
            for each in unknown_queries.listed(lab, state="all"):
                serial = int(each.code.rsplit("-", 1)[1])
                assert given_out.setdefault(serial, each.code) == each.code
        held: list[str] = []
        for code in given_out.values():
            shown = unknown_queries.show(lab, code)
            assert shown.cluster.state is not ClusterState.MERGED
            if shown.asked == shown.cluster.code:
                held += [member.finding for member in shown.members]
                assert shown.members
            else:
                assert code in shown.earlier_codes
        assert sorted(held) == sorted(findings)
        assert sorted(given_out) == list(range(1, len(given_out) + 1))
        assert audit.verify(lab).ok
        lab.close()
