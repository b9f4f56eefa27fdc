"""Blocks: how a roll and a week of marks become bytes, and how bytes are proved to be what was written.

The digest is taken of the bytes before compression, so that it names the content whatever the compressor.
"""

import hashlib
from dataclasses import dataclass
from threading import local

import numpy as np
import numpy.typing as npt
import zstandard

from tallyroll.register.stretches import COLUMNS, Stretches
from tallyroll.vocab.errors import VerificationProblem

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


@dataclass(frozen=True, slots=True)
class Content:
    """What a block holds: so many rows, their bytes, and the digest by which two contents are compared."""

    n_rows: int
    raw: bytes
    sha256: bytes

    def compressed(self) -> bytes:
        """The bytes as they are stored."""
        return _compressor().compress(self.raw)


@dataclass(frozen=True, slots=True)
class Block:
    """Bytes as they were stored, the digest of what they held, and how many rows that was."""

    n_rows: int
    data: bytes
    sha256: bytes


def _content(n_rows: int, raw: bytes) -> Content:
    return Content(n_rows, raw, hashlib.sha256(raw).digest())


def _unpack(block: Block, *, n_bytes: int, where: str) -> bytes:
    """The bytes before compression. Raises VerificationProblem, naming the place, when they are not as written."""
    try:
        raw = _decompressor().decompress(block.data, max_output_size=min(n_bytes, MAX_BYTES))
    except zstandard.ZstdError:
        raw = b""
    if len(raw) != n_bytes or hashlib.sha256(raw).digest() != block.sha256:
        raise VerificationProblem(
            "The bytes stored here are not those that were written.",
            where=where,
            mend="Restore the store from a copy, or remove this school and collect it again.",
        )
    return raw


def roll_content(stretches: Stretches) -> Content:
    """A roll as bytes: column by column, 32 bits a number, little-endian."""
    return _content(len(stretches), np.ascontiguousarray(stretches.T, dtype="<i4").tobytes())


def unpack_roll(block: Block, *, columns: str, where: str) -> Stretches:
    """The roll in these bytes. `columns` names what was stored; a characteristic that was not is unknown."""
    names = columns.split(",")
    raw = _unpack(block, n_bytes=4 * len(names) * block.n_rows, where=where)
    stored = np.frombuffer(raw, dtype="<i4").reshape(len(names), block.n_rows)
    stretches = np.zeros((block.n_rows, len(COLUMNS)), dtype=np.int32)
    for place, name in enumerate(COLUMNS):
        if name in names:
            stretches[:, place] = stored[names.index(name)]
    return stretches


def week_content(marks: Marks) -> Content:
    """A week of marks as bytes, as far as the last pupil with a mark: a new pupil does not change old weeks."""
    marked = np.flatnonzero(np.any(marks, axis=(1, 2)))
    n_pupils = int(marked[-1]) + 1 if len(marked) else 0
    return _content(n_pupils, np.ascontiguousarray(marks[:n_pupils]).tobytes())


def unpack_week(block: Block, *, where: str) -> Marks:
    """The marks in these bytes, by pupil number, day of the week and session."""
    raw = _unpack(block, n_bytes=block.n_rows * DAYS * SESSIONS, where=where)
    return np.frombuffer(raw, dtype=np.uint8).reshape(block.n_rows, DAYS, SESSIONS)
