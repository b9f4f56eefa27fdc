"""Packed weeks: a school's week of marks in few bytes that a counting engine can read without unpacking them.

Layout, numbers of two bytes little-endian:

1. which sessions the school sent: two bytes, bit 0 the Monday morning, bit 9 the Friday afternoon;
2. a state for each pupil, two bits, in roll order, the first in the lowest bits of a byte;
3. for each pupil marked OTHER, two bytes: the sessions in which the pupil was not plain present, as bits;
4. the codes of those sessions, a byte each, pupil by pupil.

A session counts as sent when any pupil has a mark in it. A pupil is BLANK with no mark in the week, PLAIN when present
in every session sent and in no other, or else OTHER. Code 0 is still 0: what was never received is never attendance.
"""

import numpy as np
import numpy.typing as npt

from tallyroll.vocab.codes import BY_TEXT

Marks = npt.NDArray[np.uint8]

SESSIONS_A_WEEK = 10
PUPILS_A_BYTE = 4
HEADER_BYTES = 2
BLANK, PLAIN, OTHER = 0, 1, 2
PRESENT_WEEK: Marks = np.array([BY_TEXT["/"].number, BY_TEXT["\\"].number] * 5, dtype=np.uint8)
"""The marks of a pupil who was there all week."""

_SHIFTS = np.arange(PUPILS_A_BYTE, dtype=np.uint8) * 2
_BITS = (1 << np.arange(SESSIONS_A_WEEK)).astype("<u2")


def pack(marks: Marks) -> bytes:
    """A week as packed bytes. Shape: [pupils, 5 days, 2 sessions] or [pupils, 10 sessions], numbers of codes."""
    week = np.ascontiguousarray(marks).reshape(-1, SESSIONS_A_WEEK)
    sent = week.any(axis=0)
    differs = week != PRESENT_WEEK * sent
    states = np.where(differs.any(axis=1) | ~sent.any(), OTHER, PLAIN).astype(np.uint8)
    states[~week.any(axis=1)] = BLANK
    padded = np.zeros(-(-len(week) // PUPILS_A_BYTE) * PUPILS_A_BYTE, dtype=np.uint8)
    padded[: len(week)] = states
    quarters = np.bitwise_or.reduce(padded.reshape(-1, PUPILS_A_BYTE) << _SHIFTS, axis=1, dtype=np.uint8)
    is_other = states == OTHER
    differs = differs[is_other]
    parts = (sent @ _BITS, quarters, differs @ _BITS, week[is_other][differs])
    return b"".join(part.astype(part.dtype.newbyteorder("<")).tobytes() for part in parts)


def unpack(data: bytes, *, n_pupils: int) -> Marks:
    """The week in these bytes. Shape: [pupils, 10 sessions]. Raises: ValueError when they are not a week of so many."""
    n_bytes = -(-n_pupils // PUPILS_A_BYTE)
    if len(data) < HEADER_BYTES + n_bytes:
        raise ValueError("the bytes end before the pupils do")
    sent = (np.frombuffer(data, "<u2", count=1) & _BITS) > 0
    quarters = np.frombuffer(data, np.uint8, count=n_bytes, offset=HEADER_BYTES)
    states = ((quarters[:, None] >> _SHIFTS) & 3).reshape(-1)[:n_pupils]
    is_other = states == OTHER
    masks_at, n_others = HEADER_BYTES + n_bytes, np.count_nonzero(is_other)
    if len(data) < masks_at + 2 * n_others:
        raise ValueError("the bytes end before the pupils do")
    differs = (np.frombuffer(data, "<u2", count=n_others, offset=masks_at)[:, None] & _BITS) > 0
    codes = np.frombuffer(data, np.uint8, offset=masks_at + 2 * n_others)
    if len(codes) != np.count_nonzero(differs) or np.any(differs & ~sent) or np.any(states > OTHER):
        raise ValueError("the bytes hold more or fewer marks than the pupils have")
    week = np.zeros((n_pupils, SESSIONS_A_WEEK), dtype=np.uint8)
    week[states != BLANK] = PRESENT_WEEK * sent
    others = week[is_other]
    others[differs] = codes
    week[is_other] = others
    return week
