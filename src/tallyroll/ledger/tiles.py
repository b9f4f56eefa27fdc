"""Tiles: how the tree and its entries lie in files of 256, so that any web server can hand them out.

Source: C2SP tlog-tiles v0.1.0. Nothing here touches a disk.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from tallyroll.ledger.merkle import HASH_BYTES, Node, root_of, rows_over
from tallyroll.vocab.errors import VerificationProblem

WIDTH = 256
LARGEST_ENTRY = 65_535  # bytes: its length stands before it in two
LARGEST_BUNDLE = WIDTH * (LARGEST_ENTRY + 2)
ENTRIES = "entries"
"""The kind of a bundle of entries; the kind of a tile of hashes is its level."""

_PATH = re.compile(r"tile/(entries|0|[1-9]\d?)/((?:x\d{3}/)*\d{3})(?:\.p/(\d{1,3}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Tile:
    """Hashes `n` * 256 and on of one level, at most 256 of them, one after the other."""

    level: int
    n: int
    hashes: bytes

    @property
    def width(self) -> int:
        """How many hashes it holds."""
        return len(self.hashes) // HASH_BYTES

    @property
    def path(self) -> str:
        """Where it lies in a log's folder."""
        return path_of(str(self.level), self.n, width=self.width)


def path_of(kind: str, n: int, *, width: int = WIDTH) -> str:
    """Where a tile or bundle lies: `tile/0/x001/234`, `tile/entries/000.p/7`."""
    groups = [f"{n % 1000:03d}"]
    while n := n // 1000:
        groups.append(f"x{n % 1000:03d}")
    partial = f".p/{width}" if width < WIDTH else ""
    return f"tile/{kind}/{'/'.join(reversed(groups))}{partial}"


def place_of(path: str) -> tuple[str, int, int] | None:
    """The kind, number and width of the tile or bundle that lies there; None when nothing of a log does."""
    found = _PATH.fullmatch(path)
    if found is None:
        return None
    kind, n, width = found[1], int(found[2].replace("/", "").replace("x", "")), int(found[3] or WIDTH)
    return (kind, n, width) if path_of(kind, n, width=width) == path else None


def spans(size: int, *, start: int = 0, level: int = 0) -> Iterator[tuple[int, int]]:
    """The number and width of each tile of a level that holds anything from leaf `start` on, in order."""
    count = size >> (8 * level)
    for n in range(start >> (8 * (level + 1)), -(-count // WIDTH)):
        yield n, min(WIDTH, count - n * WIDTH)


@dataclass(slots=True)
class Frontier:
    """The right edge of a growing tree: the tile of each level that is not yet full. All that growing needs."""

    size: int = 0
    rows: list[bytearray] = field(default_factory=list)

    def copy(self) -> "Frontier":
        """A frontier that grows by itself."""
        return Frontier(self.size, [bytearray(row) for row in self.rows])

    def add(self, leaf: bytes) -> list[Tile]:
        """Take in the hash of the next leaf; the tiles that this made full, from the lowest."""
        self.size += 1
        full: list[Tile] = []
        above = leaf
        while True:
            level = len(full)
            if level == len(self.rows):
                self.rows.append(bytearray())
            row = self.rows[level]
            row += above
            if len(row) < WIDTH * HASH_BYTES:
                return full
            full.append(Tile(level, (self.size >> (8 * (level + 1))) - 1, bytes(row)))
            (above,) = rows_over(bytes(row))[-1]
            row.clear()

    def edge(self) -> list[Tile]:
        """The tiles that are not full, from the lowest; empty ones are left out."""
        return [Tile(level, self.size >> (8 * (level + 1)), bytes(row)) for level, row in enumerate(self.rows) if row]

    def root(self) -> bytes:
        """The root of the tree."""
        return root_of([peak for row in reversed(self.rows) if row for peak in _peaks(bytes(row))])


def _peaks(hashes: bytes) -> list[bytes]:
    """The largest perfect subtrees over a row, from the left."""
    rows = rows_over(hashes)
    return [row[-1] for row in reversed(rows) if len(row) & 1]


def nodes(read: Callable[[int, int], bytes]) -> Node:
    """The hashes of a tree whose tiles `read(level, n)` gives; a tile is read and worked out once."""

    @lru_cache(maxsize=1024)  # of 33 kB each
    def rows(level: int, n: int) -> list[list[bytes]]:
        return rows_over(read(level, n))

    def node(height: int, index: int) -> bytes:
        level, inner = divmod(height, 8)
        n, place = divmod(index, WIDTH >> inner)
        return rows(level, n)[inner][place]

    return node


def pack(leaves: Sequence[bytes]) -> bytes:
    """A bundle of entries: each with its length before it."""
    return b"".join(len(leaf).to_bytes(2) + leaf for leaf in leaves)


def unpack(bundle: bytes, *, width: int, where: str) -> list[bytes]:
    """The first `width` entries of a bundle; a full bundle may stand in for a partial one, and nothing else may follow.

    Raises: VerificationProblem when it is torn, or holds more than it should.
    """
    leaves: list[bytes] = []
    place = 0
    while place < len(bundle) and len(leaves) < WIDTH:
        end = place + 2 + int.from_bytes(bundle[place : place + 2])
        if end > len(bundle) or place + 2 > len(bundle):
            raise _torn(where, f"entry {len(leaves)} at byte {place} goes on past the end of the file")
        leaves.append(bundle[place + 2 : end])
        place = end
    if place != len(bundle) or len(leaves) not in {width, WIDTH}:
        raise _torn(where, f"it holds {len(leaves)} entries and {len(bundle) - place} bytes more, not {width} entries")
    return leaves[:width]


def cut(hashes: bytes, *, width: int, where: str) -> bytes:
    """The first `width` hashes of a tile; a full tile may stand in for a partial one.

    Raises: VerificationProblem when it is torn.
    """
    if len(hashes) not in {width * HASH_BYTES, WIDTH * HASH_BYTES}:
        raise _torn(where, f"it holds {len(hashes)} bytes, not {width * HASH_BYTES}")
    return hashes[: width * HASH_BYTES]


def _torn(where: str, what: str) -> VerificationProblem:
    mend = "Restore it from a mirror; do not edit it."
    return VerificationProblem(f"This file of the ledger is torn: {what}.", where=where, mend=mend)
