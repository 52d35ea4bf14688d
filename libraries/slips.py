"""How many slips of the finger lie between two words. Knows words only."""

from __future__ import annotations


def slips(first: str, second: str, most: int) -> int:
    """Return how many slips lie between two words, or ``most + 1`` for more.

    A slip is a letter too many, too few, another letter, or two that changed places
    (Damerau-Levenshtein, optimal string alignment). O(len * most).
    """
    if abs(len(first) - len(second)) > most:
        return most + 1
    if first == second:
        return 0
    far = most + 1
    before: list[int] = []
    last = [min(at, far) for at in range(len(second) + 1)]
    for row, letter in enumerate(first, 1):
        current = [min(row, far)] + [far] * len(second)
        start, stop = max(1, row - most), min(len(second), row + most)
        for at in range(start, stop + 1):
            other = second[at - 1]
            cost = min(last[at] + 1, current[at - 1] + 1, last[at - 1] + (letter != other))
            swapped = row > 1 and at > 1 and letter == second[at - 2] and first[row - 2] == other
            if swapped:
                cost = min(cost, before[at - 2] + 1)
            current[at] = min(cost, far)
        if min(current) >= far:
            return far
        before, last = last, current
    return last[-1]
