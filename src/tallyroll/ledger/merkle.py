"""The hash tree of RFC 6962, as pure functions: what a tree's root is, and proofs about it.

A proof is made from `node`, which gives the root of the perfect subtree of 2**height leaves that begins at leaf
index * 2**height; where those hashes lie is no matter of this module.
"""

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256

Node = Callable[[int, int], bytes]
"""The hash at (height, index)."""

EMPTY_ROOT = sha256(b"").digest()
HASH_BYTES = 32
LONGEST_PATH = 63  # hashes of a proof: no tree is higher


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of one leaf. Source: RFC 6962 section 2.1."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two neighbours. Source: RFC 6962 section 2.1."""
    return sha256(b"\x01" + left + right).digest()


def root_of(peaks: Sequence[bytes]) -> bytes:
    """The root over perfect subtrees, given from the left and each larger than the next; of none, the empty tree's."""
    if not peaks:
        return EMPTY_ROOT
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = node_hash(peak, root)
    return root


def rows_over(hashes: bytes) -> list[list[bytes]]:
    """Every perfect subtree over a row of hashes: the row itself, then ever higher and shorter ones."""
    row = [hashes[place : place + HASH_BYTES] for place in range(0, len(hashes), HASH_BYTES)]
    rows = [row]
    while len(row) > 1:
        row = [node_hash(row[place], row[place + 1]) for place in range(0, len(row) - 1, 2)]
        rows.append(row)
    return rows


def root(node: Node, size: int) -> bytes:
    """The root of the first `size` leaves."""
    return _range_root(node, 0, size)


def inclusion_path(node: Node, *, index: int, size: int) -> list[bytes]:
    """The proof that leaf `index` is in the tree of `size` leaves. Source: RFC 6962 section 2.1.1."""
    return [_range_root(node, first, end) for first, end in reversed(list(_siblings(index, size)))]


def _siblings(index: int, size: int) -> Iterator[tuple[int, int]]:
    """The ranges that branch off on the way from the root to the leaf."""
    first, end = 0, size
    while end - first > 1:
        middle = first + _split(end - first)
        if index < middle:
            yield middle, end
            end = middle
        else:
            yield first, middle
            first = middle


def consistency_path(node: Node, *, old: int, size: int) -> list[bytes]:
    """The proof that the tree of `old` leaves is the start of that of `size`. Source: RFC 6962 section 2.1.2."""
    if old in {0, size}:
        return []
    path = []
    first, end, is_whole = 0, size, True  # is_whole: the old tree itself, whose root the verifier knows
    while old != end:
        middle = first + _split(end - first)
        if old <= middle:
            path.append(_range_root(node, middle, end))
            end = middle
        else:
            path.append(_range_root(node, first, middle))
            first, is_whole = middle, False
    if not is_whole:
        path.append(_range_root(node, first, end))
    return path[::-1]


def _split(width: int) -> int:
    """The largest power of two below the width."""
    return 1 << ((width - 1).bit_length() - 1)


def _range_root(node: Node, first: int, end: int) -> bytes:
    """The root over leaves [first, end); `first` is a multiple of the largest power of two that fits in."""
    peaks = []
    while first < end:
        height = (end - first).bit_length() - 1
        peaks.append(node(height, first >> height))
        first += 1 << height
    return root_of(peaks)


def is_included(leaf: bytes, *, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the path proves that the leaf with this hash stands at `index`. Source: RFC 9162 section 2.1.3.2."""
    if not 0 <= index < size:
        return False
    place, last, found = index, size - 1, leaf
    for step in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = node_hash(step, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, step)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def is_consistent(*, old: int, size: int, old_root: bytes, root: bytes, path: Sequence[bytes]) -> bool:
    """Whether the path proves that the old tree is the start of the new one. Source: RFC 9162 section 2.1.4.2."""
    if old == size:
        return not path and old_root == root
    if old == 0:
        return not path and old_root == EMPTY_ROOT
    if old > size or not path:
        return False
    place, last = old - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    is_perfect = old & (old - 1) == 0
    steps = path if is_perfect else path[1:]
    before = after = old_root if is_perfect else path[0]
    for step in steps:
        if last == 0:
            return False
        if place & 1 or place == last:
            before, after = node_hash(step, before), node_hash(step, after)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            after = node_hash(after, step)
        place, last = place >> 1, last >> 1
    return last == 0 and before == old_root and after == root
