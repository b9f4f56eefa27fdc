"""Blocks: how a roll, a week of marks and a list of pupils become bytes, and bytes become those again.

What comes in here was decrypted, and so is what was written: only its size is looked at, as a guard against bugs.
"""

from collections.abc import Mapping
from threading import local

import msgspec
import numpy as np
import numpy.typing as npt
import zstandard

from tallyroll.register.stretches import COLUMNS, Stretches

Marks = npt.NDArray[np.uint8]

DAYS, SESSIONS = 5, 2
MAX_BYTES = 256 * 1024 * 1024  # a school of 25 million pupils: no honest block is larger

_ours = local()  # a compressor serves one thread at a time


def _compressor() -> zstandard.ZstdCompressor:
    if not hasattr(_ours, "compressor"):
        _ours.compressor = zstandard.ZstdCompressor(level=3)
    compressor: zstandard.ZstdCompressor = _ours.compressor
    return compressor


def _decompressor() -> zstandard.ZstdDecompressor:
    if not hasattr(_ours, "decompressor"):
        _ours.decompressor = zstandard.ZstdDecompressor()
    decompressor: zstandard.ZstdDecompressor = _ours.decompressor
    return decompressor


def _compress(raw: bytes) -> bytes:
    return _compressor().compress(raw)


def _decompress(data: bytes) -> bytes:
    return _decompressor().decompress(data, max_output_size=MAX_BYTES)


def pack_roll(stretches: Stretches) -> bytes:
    """A roll as bytes: column by column, 32 bits a number, little-endian."""
    return _compress(np.ascontiguousarray(stretches.T, dtype="<i4").tobytes())


def unpack_roll(data: bytes, *, n_spans: int, columns: str) -> Stretches:
    """The roll in these bytes. `columns` names what was stored; a characteristic that was not is unknown."""
    names = columns.split(",")
    stored = np.frombuffer(_decompress(data), dtype="<i4").reshape(len(names), n_spans)
    stretches = np.zeros((n_spans, len(COLUMNS)), dtype=np.int32)
    for place, name in enumerate(COLUMNS):
        if name in names:
            stretches[:, place] = stored[names.index(name)]
    return stretches


def as_marked(marks: Marks) -> Marks:
    """A week as far as the last pupil with a mark: a new pupil does not change old weeks."""
    marked = np.flatnonzero(np.any(marks, axis=(1, 2)))
    return marks[: int(marked[-1]) + 1 if len(marked) else 0]


def pack_week(marks: Marks) -> bytes:
    """A week of marks as bytes."""
    return _compress(np.ascontiguousarray(marks).tobytes())


def unpack_week(data: bytes, *, n_pupils: int) -> Marks:
    """The marks in these bytes, by pupil number, day of the week and session."""
    return np.frombuffer(_decompress(data), dtype=np.uint8).reshape(n_pupils, DAYS, SESSIONS)


def pack_pupils(numbers: Mapping[str, int]) -> bytes:
    """The numbers of pupils, by their keys, as bytes."""
    return _compress(msgspec.json.encode(numbers))


def unpack_pupils(data: bytes) -> dict[str, int]:
    """The numbers in these bytes, by the pupils' keys."""
    return msgspec.json.decode(_decompress(data), type=dict[str, int])
