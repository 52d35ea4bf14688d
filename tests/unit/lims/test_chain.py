import hashlib

from hypothesis import given
from hypothesis import strategies as st

from lims import chain

# Published roots of RFC 6962 trees over these eight inputs, from the test vectors of the
# Certificate Transparency reference implementation (merkletree/merkle_tree_test).
INPUTS = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def test_roots_are_those_published_for_certificate_transparency():
    leaves = [chain.leaf_hash(bytes.fromhex(text)) for text in INPUTS]
    for size, root in enumerate(ROOTS, start=1):
        assert chain.merkle_root(leaves[:size]).hex() == root


def slow_root(leaves):
    """RFC 6962, 2.1, as it is written there."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return chain.node_hash(slow_root(leaves[:split]), slow_root(leaves[split:]))


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=70))
def test_frontier_gives_the_recursive_root(leaves):
    assert chain.merkle_root(leaves) == slow_root(leaves)


def test_frontier_is_as_long_as_the_size_has_one_bits():
    frontier = b""
    for size in range(40):
        frontier = chain.grow(frontier, size, bytes(32))
        assert len(frontier) == 32 * (size + 1).bit_count()


def test_leaf_node_and_link_never_collide():
    a, b = bytes(32), bytes([1]) * 32
    assert len({chain.leaf_hash(a + b), chain.node_hash(a, b), chain.link(a, b)}) == 3


def test_link_binds_the_event_and_what_came_before():
    prev, leaf = bytes([1]) * 32, bytes([2]) * 32
    assert chain.link(prev, leaf) == hashlib.sha256(b"\x02" + prev + leaf).digest()


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=70))
def test_growing_tree_has_the_frontier_that_grow_gives(leaves):
    tree, frontier = chain.Tree(), b""
    for size, leaf in enumerate(leaves):
        tree.add(leaf)
        frontier = chain.grow(frontier, size, leaf)
        assert (tree.size, tree.frontier) == (size + 1, frontier)
