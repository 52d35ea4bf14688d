"""The hash chain over events and the RFC 6962 Merkle tree over the same leaves. Pure functions.

A chain alone does not stop somebody who may rewrite the whole file; its head and root are what
others (headquarters, a printed receipt) keep a copy of.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

GENESIS = bytes(32)


def leaf_hash(canonical_event: bytes) -> bytes:
    """Return SHA-256(0x00 ‖ event), the Merkle leaf of RFC 6962, 2.1."""
    return hashlib.sha256(b"\x00" + canonical_event).digest()


def link(prev: bytes, leaf: bytes) -> bytes:
    """Return SHA-256(0x02 ‖ prev ‖ leaf), the event's place in the linear chain."""
    return hashlib.sha256(b"\x02" + prev + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return SHA-256(0x01 ‖ left ‖ right), an inner node of RFC 6962."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def grow(frontier: bytes, size: int, leaf: bytes) -> bytes:
    """Return the frontier after one more leaf.

    The frontier holds the roots of the perfect subtrees of a tree of ``size`` leaves, largest
    first, 32 bytes each: as many as ``size`` has one-bits.
    """
    node = leaf
    while size & 1:
        node = node_hash(frontier[-32:], node)
        frontier = frontier[:-32]
        size >>= 1
    return frontier + node


def root(frontier: bytes) -> bytes:
    """Return the Merkle root that a frontier stands for; SHA-256 of nothing when empty."""
    if not frontier:
        return hashlib.sha256(b"").digest()
    nodes = [frontier[at : at + 32] for at in range(0, len(frontier), 32)]
    result = nodes.pop()
    while nodes:
        result = node_hash(nodes.pop(), result)
    return result


class Tree:
    """A Merkle tree that only grows, for many leaves at once: `grow` without copying a frontier."""

    __slots__ = ("_nodes", "size")

    def __init__(self) -> None:
        self._nodes: list[bytes] = []
        self.size = 0

    def add(self, leaf: bytes) -> None:
        """Take one more leaf hash."""
        node, size = leaf, self.size
        while size & 1:
            node = hashlib.sha256(b"\x01" + self._nodes.pop() + node).digest()
            size >>= 1
        self._nodes.append(node)
        self.size += 1

    @property
    def frontier(self) -> bytes:
        """What `grow` gives for the same leaves."""
        return b"".join(self._nodes)


def merkle_root(leaves: Iterable[bytes]) -> bytes:
    """Return the RFC 6962 root over leaf hashes, in order."""
    tree = Tree()
    for leaf in leaves:
        tree.add(leaf)
    return root(tree.frontier)
