"""Our trees and proofs against pymerkle's, for any size."""

from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st
from pymerkle import InmemoryTree
from tests.lib.ledgers import subproof

from tallyroll.ledger import merkle
from tallyroll.ledger.tiles import Frontier, nodes

MOST = 1_000
LEAVES = [b"entry %d" % n for n in range(MOST)]


@cache
def rival() -> InmemoryTree:
    return InmemoryTree.init_from_entries(LEAVES)


@cache
def ours():
    """The hashes of the largest tree; those of smaller ones are among them where they are needed."""
    frontier, tiles = Frontier(), {}
    for leaf in LEAVES:
        tiles |= {(tile.level, tile.n): tile.hashes for tile in frontier.add(merkle.leaf_hash(leaf))}
    tiles |= {(tile.level, tile.n): tile.hashes for tile in frontier.edge()}
    return nodes(lambda level, n: tiles[level, n])


sizes = st.integers(1, MOST)


@settings(max_examples=200, deadline=None)
@given(size=sizes, data=st.data())
def test_roots_and_inclusion_proofs_are_the_oracle_s(size, data):
    index = data.draw(st.integers(0, size - 1))
    root = rival().get_root(size)
    assert merkle.root(ours(), size) == root
    path = merkle.inclusion_path(ours(), index=index, size=size)
    theirs = rival().prove_inclusion(index + 1, size).path
    assert path == theirs[1:]  # theirs begins with the leaf itself
    assert merkle.is_included(theirs[0], index=index, size=size, path=path, root=root)


@settings(max_examples=200, deadline=None)
@given(size=sizes, data=st.data())
def test_consistency_proofs_are_those_of_the_specification_and_hold_for_the_oracle_s_roots(size, data):
    old = data.draw(st.integers(1, size))
    path = merkle.consistency_path(ours(), old=old, size=size)
    old_root, root = rival().get_root(old), rival().get_root(size)
    assert merkle.is_consistent(old=old, size=size, old_root=old_root, root=root, path=path)
    assert path == subproof(old, LEAVES[:size])
    if path:
        spoilt = [*path[:-1], bytes(32)]
        assert not merkle.is_consistent(old=old, size=size, old_root=old_root, root=root, path=spoilt)


@settings(max_examples=50, deadline=None)
@given(leaves=st.lists(st.binary(max_size=40), max_size=600))
def test_a_frontier_grown_leaf_by_leaf_has_the_oracle_s_root(leaves):
    frontier = Frontier()
    for leaf in leaves:
        frontier.add(merkle.leaf_hash(leaf))
    expected = InmemoryTree.init_from_entries(leaves).get_root() if leaves else merkle.EMPTY_ROOT
    assert frontier.root() == expected
