"""Packed weeks: what goes in comes out, a state is what it says, and bytes that are no week are refused."""

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tallyroll.engines.kernel import KernelEngine
from tallyroll.tally import statements
from tallyroll.tally.definitions import Definition
from tallyroll.vocab.codes import BY_TEXT, CODES
from tallyroll.vocab.errors import VerificationProblem
from tallyroll.vocab.packing import pack, unpack
from tallyroll.vocab.shapes import OPEN_END, SPANS, WEEKS

AM, PM, ILL, GONE = (BY_TEXT[text].number for text in ("/", "\\", "I", "Z"))
THERE = [AM, PM] * 5
BLANK, PLAIN, OTHER = 0, 1, 2
laws = settings(deadline=None, derandomize=True)
weeks = st.integers(0, 9).flatmap(
    lambda n: arrays(np.uint8, (n, 10), elements=st.sampled_from([0, AM, AM, PM, ILL]) | st.integers(0, len(CODES)))
)


def _week(*pupils: list[int]) -> np.ndarray:
    return np.array(pupils, dtype=np.uint8).reshape(-1, 10)


def _states(week: np.ndarray) -> list[int]:
    """The states of the pupils, read by hand: two bits each after the two bytes of what was sent."""
    packed = pack(week)
    return [packed[2 + pupil // 4] >> 2 * (pupil % 4) & 3 for pupil in range(len(week))]


@laws
@given(weeks)
def test_a_week_comes_out_as_it_went_in(week: np.ndarray) -> None:
    assert unpack(pack(week), n_pupils=len(week)).tolist() == week.tolist()
    assert pack(unpack(pack(week), n_pupils=len(week))) == pack(week)


@laws
@given(weeks)
def test_a_week_may_be_given_by_day_and_session(week: np.ndarray) -> None:
    assert pack(week.reshape(-1, 5, 2)) == pack(week)


@laws
@given(weeks)
def test_what_was_sent_is_what_anybody_has_a_mark_in(week: np.ndarray) -> None:
    sent = int.from_bytes(pack(week)[:2], "little")
    assert [sent >> session & 1 for session in range(16)] == [*(int(column.any()) for column in week.T), *[0] * 6]


@pytest.mark.parametrize(
    ("pupils", "states"),
    [
        ([THERE], [PLAIN]),
        ([[0] * 10], [BLANK]),
        ([THERE, [0] * 10], [PLAIN, BLANK]),
        ([THERE, [*THERE[:9], 0]], [PLAIN, OTHER]),  # nothing came for Friday afternoon
        ([[*THERE[:9], 0]], [PLAIN]),  # the school sent nothing on Friday afternoon
        ([[0] * 9 + [PM]], [PLAIN]),  # all that it sent
        ([[0] * 9 + [AM]], [OTHER]),  # present in the afternoon by the morning's code
        ([[PM, AM] * 5], [OTHER]),
        ([[ILL] * 10, THERE], [OTHER, PLAIN]),
        ([[ILL] + [0] * 9, [0] * 10], [OTHER, BLANK]),  # nobody was there
        ([THERE] * 4 + [[GONE] * 10], [PLAIN] * 4 + [OTHER]),  # a byte holds four
        ([], []),
    ],
)
def test_a_pupil_is_blank_plain_or_other(pupils: list[list[int]], states: list[int]) -> None:
    assert _states(_week(*pupils)) == states


def test_four_pupils_who_were_there_are_three_bytes() -> None:
    assert pack(_week(*[THERE] * 4)) == bytes([0b11111111, 0b00000011, 0b01010101])


def test_a_week_of_which_nothing_came_holds_no_marks() -> None:
    assert pack(_week(*[[0] * 10] * 5)) == bytes(4)
    assert not unpack(bytes(4), n_pupils=5).any()


# Bytes that are no week


def _faults(week: np.ndarray) -> list[bytes]:
    """The packed week cut short at every byte, longer by one, and with every bit of it turned."""
    packed = pack(week)
    flipped = [
        bytes([*packed[:place], packed[place] ^ 1 << bit, *packed[place + 1 :]])
        for place in range(len(packed))
        for bit in range(8)
    ]
    return [*(packed[:n] for n in range(len(packed))), packed + b"\x00", packed + b"\xff" * 12, *flipped]


def _counted(packed: bytes, n_pupils: int, *, roll: int = 0) -> np.ndarray | None:
    """Marks by day and code as the kernel counts them; None where it says that this is no week."""
    pupils = roll or n_pupils
    spans = [
        {"urn": 100001, "pupil": pupil, "first": date(2000, 1, 1), "last": OPEN_END} | dict.fromkeys(SPANS.names[4:], 0)
        for pupil in range(pupils)
    ]
    week = {"urn": 100001, "monday": date(2026, 11, 16), "revision": 1, "n_pupils": n_pupils, "marks": packed}
    far = pa.array([OPEN_END], pa.date32())
    school = pa.table({"urn": pa.array([100001], pa.int32()), "away_first": far, "away_last": far})
    tables = {
        "schools": school.append_column("phase", pa.array([0], pa.int32())),
        "spans": pa.Table.from_pylist(spans, schema=SPANS).rename_columns({"first": "first_day", "last": "last_day"}),
    }
    monday = date(2026, 11, 16).toordinal() - date(1970, 1, 1).toordinal()
    try:
        counts = KernelEngine().authority(
            statements.plan(Definition()),
            tables,
            [pa.Table.from_pylist([week], schema=WEEKS)],
            phases=1,
            first=monday,
            last=monday + 4,
        )
    except VerificationProblem:
        return None
    cells = np.zeros((5, len(CODES) + 1), dtype=int)
    if counts.mondays:  # a week of which nothing counts is left out
        cells[:, list(counts.codes)] = counts.cells[0, 0, :, 0]
    return cells


def _by_hand(week: np.ndarray, packed: bytes) -> np.ndarray:
    """Marks by day and code of a week that was unpacked, in the sessions that the bytes say were sent."""
    cells = np.zeros((5, len(CODES) + 1), dtype=int)
    sent = int.from_bytes(packed[:2], "little")
    for pupil in week.tolist():
        for session, code in enumerate(pupil):
            cells[session // 2, code] += sent >> session & 1
    return cells


def _is_week(packed: bytes, n_pupils: int) -> np.ndarray | None:
    """The week in these bytes, if they are one."""
    try:
        week = unpack(packed, n_pupils=n_pupils)
    except ValueError:
        return None
    assert week.shape == (n_pupils, 10)
    return week


@settings(laws, max_examples=4, phases=[Phase.generate])
@given(weeks.filter(len))
def test_bytes_with_a_fault_are_refused_or_are_another_week(week: np.ndarray) -> None:
    """What can be unpacked is counted as it reads, or refused; of what cannot, nobody is counted twice or lost."""
    for packed in _faults(week):
        read, counted = _is_week(packed, len(week)), _counted(packed, len(week))
        if read is not None and read.max() <= len(CODES):
            assert counted is not None or pack(read) != packed, packed.hex()
            assert counted is None or counted.tolist() == _by_hand(read, packed).tolist(), packed.hex()
        elif counted is not None:
            sent = int.from_bytes(packed[:2], "little")
            of_day = [len(week) * (sent >> 2 * day & 3).bit_count() for day in range(5)]
            assert counted.min() >= 0, packed.hex()
            assert counted.sum(axis=1).tolist() == of_day, packed.hex()


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        b"\xff",
        b"\xff\x03",  # no states
        b"\xff\x03\x02",  # one pupil is other: no mask
        b"\xff\x03\x02\x01\x00",  # a mask that names one session: no code
        b"\xff\x03\x02\x01\x00\x27",  # 39 is no code
        b"\xff\x03\x02\x01\x00\xff",  # what stands for no row in loose weeks is no code either
        b"\xff\x03\x03",  # a state that there is not
    ],
    ids=bytes.hex,
)
def test_the_kernel_refuses_what_is_no_week(packed: bytes) -> None:
    assert _counted(packed, 1) is None


@pytest.mark.parametrize("n_pupils", [-1, 5, 2**31 - 1])
def test_the_kernel_refuses_more_pupils_than_there_are_bytes(n_pupils: int) -> None:
    assert _counted(pack(_week(THERE)), n_pupils, roll=1) is None


_FUZZ = """
import numpy as np
from tests.unit.test_vocab_packing import _counted, _faults, _week, AM, ILL, PM, THERE
rng = np.random.default_rng(53)
week = _week(THERE, [0] * 10, [ILL, *THERE[1:]], [PM, AM] * 5, [AM, PM, ILL] + [0] * 7)
taken = [_counted(packed, 5, roll=roll) is not None for packed in _faults(week) for roll in (3, 9)]
for _ in range(200):
    packed = rng.integers(0, [256, 4, *[256] * rng.integers(0, 30)], dtype=np.uint8).tobytes()
    taken.append(_counted(packed, int(rng.integers(0, 12)), roll=int(rng.integers(1, 12))) is not None)
print(sum(taken), len(taken))
"""


def test_no_bytes_make_the_kernel_read_beyond_them() -> None:
    """Its loops run uncompiled, where reading beyond the bytes is an IndexError instead of a figure.

    The same script compiled with NUMBA_BOUNDSCHECK=1 takes 40 s of a processor, and gave the same on 22 November 2026.
    """
    command, root = [sys.executable, "-c", _FUZZ], Path(__file__).parents[2]
    checked = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run(command, cwd=root, env=checked, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    taken, all_of_them = map(int, done.stdout.split())
    assert 0 < taken < all_of_them
