"""Practice on past runs as the screens and ``fol practice`` use it; nothing is written to the lab.

Mixed into `tui.record.Record`, which holds the lab and who acts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lims.lab import Lab
    from lims.practice import Question, Say, Solution
    from tui.practice_tally import Tally


class PracticeActs:
    """A person and the exercises of the lab."""

    _lab: Lab
    _me: str

    def next_exercise(
        self, skipped: frozenset[str] = frozenset()
    ) -> tuple[Question | None, int, Tally]:
        """Return the exercise that comes next, how many there are, and the tally so far.

        Those ``skipped`` come when every other one was answered.
        """
        from lims import practice
        from tui import practice_tally

        found = practice.exercises(self._lab)
        done = practice_tally.read(practice_tally.place(self._lab.site, self._me))
        rest = [each for each in found if each.code not in skipped] or found
        code = practice_tally.following(rest, done, self._me)
        return practice.question(self._lab, code) if code else None, len(found), done

    def answer_exercise(self, code: str, said: Say, substance: str) -> tuple[Solution, Tally]:
        """Return the lab's answer and the tally, which now counts this answer."""
        from lims import practice
        from tui import practice_tally

        solution = practice.solve(self._lab, code, said, substance)
        kept = practice_tally.place(self._lab.site, self._me)
        return solution, practice_tally.add(kept, solution.code, solution.verdict)
