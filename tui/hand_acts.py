"""Tests by hand and sampling plans as the screens use them; one service call each.

Mixed into `tui.record.Record`, which holds the lab and who acts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tui import typed_values

if TYPE_CHECKING:
    from lims.bench_tests import BenchTest
    from lims.lab import Lab
    from lims.sampling import SamplingPlan

POSITIVE, NEGATIVE = "positive", "negative"
PASSED, FAILED = "passed", "failed"


class HandActs:
    """What a person does with a sample without an instrument's file."""

    _lab: Lab
    _me: str

    def tests_and_plans(self, sample: str) -> tuple[Sequence[BenchTest], Sequence[SamplingPlan]]:
        """Return the tests and the sampling plans of a sample."""
        from lims import bench_tests, sampling

        return bench_tests.tests(self._lab.db, sample), sampling.plans(self._lab, sample)

    def record_test(self, sample: str, typed: Mapping[str, str]) -> BenchTest:
        """Record a test by hand, as typed; its picture is kept first."""
        from lims import bench_tests

        return bench_tests.record(
            self._lab,
            self._me,
            sample,
            technique=typed["technique"],
            observed=typed["observed"],
            indicates=typed["indicates"],
            positive=typed["outcome"] == POSITIVE,
            controls=typed["controls"] == PASSED,
            reagent=typed["reagent"],
            lot=typed["lot"],
            portion=self._portion_id(sample, typed["portion"]),
            photo=self._photo(sample, typed["photo"]),
        )

    def _portion_id(self, sample: str, portion: str) -> str:
        """Return a portion's id; a person names it by its number alone."""
        from lims import ids, queries

        if not portion.isdigit():
            return portion
        return ids.child(queries.sample_record(self._lab, sample).sample.number, "", int(portion))

    def _photo(self, sample: str, typed: str) -> str:
        from lims.attachments import MAX_BYTES, add_photo
        from lims.errors import NotFoundError, RecordError
        from tui.paths import typed_path

        if not typed:
            return ""
        path = typed_path(typed)
        if not path.is_file():
            raise NotFoundError(f"there is no file {str(path)[:200]}")
        if path.stat().st_size > MAX_BYTES:
            raise RecordError(f"{path.name[:80]}: larger than {MAX_BYTES} bytes")
        return add_photo(self._lab, self._me, sample, path.name, path.read_bytes())

    def review_test(self, test: str, *, accept: bool, remark: str) -> BenchTest:
        """Accept a test or send it back, as a second person."""
        from lims import bench_tests

        return bench_tests.review(self._lab, self._me, test, accept=accept, remark=remark)

    def plan_sampling(self, sample: str, typed: Mapping[str, str]) -> SamplingPlan:
        """Draw the units of a sample that will be tested, figures as typed."""
        from lims import sampling
        from lims.sampling_plan import aim

        wanted = aim(
            typed_values.count(typed["population"], "how many units there are"),
            proportion=typed["proportion"],
            alpha=typed["alpha"],
            method=typed["method"],
            negatives=typed_values.count(typed["negatives"] or "0", "negatives allowed for"),
        )
        return sampling.plan(
            self._lab,
            self._me,
            sample,
            wanted,
            counted=typed["counted"],
            look=typed["look"],
            reason=typed["reason"],
        )

    def record_unit(self, plan: str, typed: Mapping[str, str]) -> SamplingPlan:
        """Record what a drawn unit gave, as typed."""
        from lims import sampling

        return sampling.record_unit(
            self._lab,
            self._me,
            plan,
            typed_values.count(typed["unit"], "the unit"),
            positive=typed["outcome"] == POSITIVE,
            net_ug=typed_values.mass_ug(typed["net"]),
            reason=typed["reason"],
        )

    def enlarge_plan(self, plan: str) -> SamplingPlan:
        """Draw the further units that negatives ask for."""
        from lims import sampling

        return sampling.enlarge(self._lab, self._me, plan)
