"""The physical limit: our files read, decrypted and decompressed, and nothing counted; and memory merely read.

`marks` is `scan` (packed weeks on the scan side), `dense` (the same weeks, a byte a mark, not encrypted) or `memory`.
The answer is the bytes that came out.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from tallyroll.engines.rivals import child
from tallyroll.engines.rivals.question import Asked
from tallyroll.flows.bench import nation_ground
from tallyroll.flows.bench.ground import NOW
from tallyroll.flows.bench.nation import Nation
from tallyroll.register.scan import scan
from tallyroll.vocab.partitions import Partition

MEMORY_BYTES = 1 << 30
_PIECES, _TIMES = 16, 8


def open_session(asked: Asked) -> child.Ask:
    """Reads the nation's files, or memory."""
    pieces = {"scan": _scan, "dense": _dense, "memory": _memory}[asked.marks](asked)

    def ask() -> tuple[int, ...]:
        with ThreadPoolExecutor(asked.threads) as pool:
            return (sum(pool.map(lambda piece: piece(), pieces)),)

    return ask


def _scan(asked: Asked) -> Sequence[Callable[[], int]]:
    nation, year = Nation.open(asked.folder), nation_ground.YEAR
    partitions = scan(nation.permit(), nation.side, authorities=(), first=year.first, last=year.last, now=NOW)
    return [partial(_weeks, partitions, place) for place in range(len(partitions))]


def _weeks(partitions: Sequence[Partition], place: int) -> int:
    return sum(table.nbytes for table in partitions[place].weeks)


def _dense(asked: Asked) -> Sequence[Callable[[], int]]:
    return [partial(_file, path) for path in sorted(Nation.open(asked.folder).dense.iterdir())]


def _file(path: Path) -> int:
    file = pq.ParquetFile(path)
    return sum(file.read_row_group(month, use_threads=False).nbytes for month in range(file.num_row_groups))


def _memory(_: Asked) -> Sequence[Callable[[], int]]:
    pieces = np.array_split(np.ones(MEMORY_BYTES // 8, dtype=np.int64), _PIECES)
    return [partial(_read, piece) for piece in pieces] * _TIMES


def _read(piece: npt.NDArray[np.int64]) -> int:
    return int(piece.sum()) * 8


if __name__ == "__main__":
    child.main(open_session, product="tallyroll")
