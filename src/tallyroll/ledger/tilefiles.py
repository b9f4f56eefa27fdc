"""Reading the tiles and bundles of a log's folder. What they hold is proved by whoever asks, against a checkpoint."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from tallyroll.ledger import files
from tallyroll.ledger.checkpoints import Checkpoint, open_checkpoint
from tallyroll.ledger.merkle import Node, root
from tallyroll.ledger.notes import Note, Verifier
from tallyroll.ledger.tiles import ENTRIES, WIDTH, Frontier, Tile, cut, nodes, path_of, spans, unpack
from tallyroll.vocab.errors import UsageProblem, VerificationProblem


def read_checkpoint(folder: Path) -> bytes:
    """The newest checkpoint's bytes; UsageProblem where there is none."""
    data = files.read(folder / files.CHECKPOINT)
    if data is None:
        mend = "Name the folder that holds the file `checkpoint`."
        raise UsageProblem("There is no ledger here.", where=str(folder), mend=mend)
    return data


def newest_checkpoint(folder: Path, *, key: Verifier) -> tuple[Checkpoint, Note]:
    """The newest checkpoint and its note, once the log's signature was verified.

    Raises: UsageProblem where there is none, VerificationProblem when it is not this log's.
    """
    return open_checkpoint(read_checkpoint(folder), key=key, where=str(folder / files.CHECKPOINT))


def witnessed_checkpoint(folder: Path, *, key: Verifier) -> tuple[Checkpoint, Note] | None:
    """The checkpoint that witnesses cosigned and its note, verified likewise; None where there is none."""
    path = folder / files.WITNESSED
    data = files.read(path)
    return None if data is None else open_checkpoint(data, key=key, where=str(path))


def begins(folder: Path, newest: Checkpoint, older: Checkpoint) -> bool:
    """Whether the older checkpoint is of the first entries of the newest, whose tiles the folder holds."""
    return older.size <= newest.size and root(tree(folder, newest.size), older.size) == older.root


def check_seen(folder: Path, newest: Checkpoint, seen: Checkpoint, *, where: str) -> None:
    """Return when what the witnesses saw are the first entries of the newest; VerificationProblem when they are not."""
    if not begins(folder, newest, seen):
        what = f"The witnesses saw {seen.size} entries that are not the first of these {newest.size}."
        mend = "The log was set back, or shows two views of itself. Keep both copies, and ask its owner."
        raise VerificationProblem(what, where=where, mend=mend)


def bundle(folder: Path, n: int, *, width: int) -> tuple[list[bytes], str]:
    """The first `width` entries of a bundle, and the file they are from."""
    data, where = _read(folder, ENTRIES, n, width=width)
    return unpack(data, width=width, where=where), where


def hashes(folder: Path, level: int, n: int, *, width: int) -> tuple[bytes, str]:
    """The first `width` hashes of a tile, and the file they are from."""
    data, where = _read(folder, str(level), n, width=width)
    return cut(data, width=width, where=where), where


def _read(folder: Path, kind: str, n: int, *, width: int) -> tuple[bytes, str]:
    """A tile's bytes; the full one stands in for a partial one that has gone."""
    for candidate in dict.fromkeys((width, WIDTH)):
        path = folder / path_of(kind, n, width=candidate)
        data = files.read(path)
        if data is not None:
            return data, str(path)
    mend = "Restore it from a mirror."
    raise VerificationProblem(
        "This file of the ledger is missing.", where=str(folder / path_of(kind, n, width=width)), mend=mend
    )


def leaves(folder: Path, *, start: int, size: int) -> Iterator[tuple[int, bytes, str]]:
    """Leaves `start` to `size`: the place, the bytes and the file of each."""
    for n, width in spans(size, start=start):
        found, where = bundle(folder, n, width=width)
        for place in range(max(0, start - n * WIDTH), width):
            yield n * WIDTH + place, found[place], where


def tree(folder: Path, size: int) -> Node:
    """The hashes of the tree of `size` leaves, from the tiles."""

    def tile(level: int, n: int) -> bytes:
        width = min(WIDTH, (size >> (8 * level)) - n * WIDTH)
        return hashes(folder, level, n, width=width)[0]

    return nodes(tile)


def frontier(folder: Path, checkpoint: Checkpoint) -> Frontier:
    """The right edge of the tree; VerificationProblem when it is not the one of the checkpoint."""
    edge = Frontier(checkpoint.size)
    level = 0
    while count := checkpoint.size >> (8 * level):
        n, width = divmod(count, WIDTH)
        edge.rows.append(bytearray(hashes(folder, level, n, width=width)[0] if width else b""))
        level += 1
    if edge.root() != checkpoint.root:
        paths = ", ".join(tile.path for tile in edge.edge())
        what = "The tiles at the end of the ledger are not those of its checkpoint."
        mend = f"One of these was changed: {paths}. `tallyroll ledger verify` says which; restore it from a mirror."
        raise VerificationProblem(what, where=str(folder), mend=mend)
    return edge


def drop_partials(folder: Path, full: list[Tile]) -> None:
    """Remove the partial tiles that full ones have replaced; until then the tiles of every checkpoint stay there."""
    for tile in full:
        kinds = [ENTRIES, "0"] if tile.level == 0 else [str(tile.level)]
        for kind in kinds:
            shutil.rmtree(folder / f"{path_of(kind, tile.n)}.p", ignore_errors=True)


def write_tiles(folder: Path, tiles: list[Tile]) -> set[Path]:
    """Write tiles of hashes; the folders whose names are still to be put on disk."""
    for tile in tiles:
        files.write(folder / tile.path, tile.hashes)
    return {(folder / tile.path).parent for tile in tiles}
