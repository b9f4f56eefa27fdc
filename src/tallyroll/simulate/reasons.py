"""Why pupils were away: one reason per spell, in the published proportions.

Spells fall into classes by length, by how much the pupil is away in all, and by whether they touch a holiday. Weights
say which reasons are likely in which class; iterative proportional fitting then finds the chances with which every
reason makes up exactly its published share of sessions. The classes' own shares of sessions are counted once from a
simulated England and kept in `data/spell_classes.csv`; `fit_spells` counts them again, and a test compares.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from tallyroll.simulate.byte import BYTE
from tallyroll.simulate.children import Flags, Ints
from tallyroll.simulate.seeds import Stream, spread
from tallyroll.simulate.tables import Floats, national, rows
from tallyroll.vocab.schools import PUBLISHED_PHASES, Phase

# Lengths in sessions: one morning, one afternoon, a day, up to three days, up to five, up to fifteen, longer.
N_LENGTHS, N_LEVELS = 7, 3
_LENGTHS = (2, 6, 10, 30)
_LEVELS = (0.1, 0.3)  # of the pupil's own absence
EXAM_CLASS = 2 * N_LEVELS * N_LENGTHS  # year 11 in the weeks before the examinations
BEFORE_EXAMS = 4  # the half-term of these weeks, counted from 0
N_CLASSES = EXAM_CLASS + 1
_NEAR_HOLIDAY = 3  # days from the end of a half-term
_SAME_REASON = 0.5  # spells of a pupil that share the pupil's own inclination
_FITTING_ROUNDS = 200


@dataclass(frozen=True, slots=True)
class _Reason:
    """How likely a reason is, relative to itself elsewhere: by length, by level, near a holiday, before exams."""

    code: str
    column: str
    lengths: tuple[float, ...]
    levels: tuple[float, ...] = (1.0, 1.0, 1.0)
    holiday: float = 1.0
    exam: float = 0.3


_REASONS = (
    _Reason("I", "i_authorised_illness", (1, 1.5, 8, 8, 5, 2, 0.7), (1.5, 1, 0.5), exam=1),
    _Reason("M", "m_authorised_medical_dental", (20, 20, 2, 0.1, 0.01, 0, 0), exam=0.1),
    _Reason("R", "r_authorised_religious_observance", (0, 0, 3, 0.5, 0, 0, 0), (1.5, 0.7, 0.2)),
    _Reason("S", "s_authorised_study_leave", (0, 0, 0, 0, 0, 0, 0), exam=5),
    _Reason("T", "t_authorised_mobile_child", (0, 0, 0.1, 1, 3, 5, 5), (0.2, 1, 1)),
    _Reason("E", "e_authorised_excluded", (0, 0.2, 1, 4, 4, 2, 0.5), (0.3, 1, 1.5)),
    _Reason("C", "c_authorised_other", (2, 2, 2, 1, 1, 1, 1)),
    _Reason("C1", "c1_authorised_regulated_performance", (1, 2, 2, 1, 0.5, 0, 0), (2, 0.5, 0.1)),
    _Reason("J1", "j1_authorised_interview", (5, 5, 2, 0, 0, 0, 0), (1.5, 1, 0.5)),
    _Reason("C2", "c2_authorised_temp_reduced_timetable", (3, 30, 1, 1, 1, 2, 3), (0.02, 1, 3)),
    _Reason("G", "g_unauthorised_holiday", (0, 0.2, 1, 4, 10, 3, 0.2), (1.5, 1, 0.3), holiday=4, exam=0.1),
    _Reason("U", "u_unauthorised_late_after_registers_closed", (40, 1, 0, 0, 0, 0, 0), (0.7, 1, 1.5), exam=0.02),
    _Reason("O", "o_other_unauthorised", (1, 2, 2, 2, 2, 4, 8), (0.3, 1, 3), exam=1),
    _Reason("N", "n_no_reason_yet", (2, 3, 2, 0.5, 0.2, 0, 0)),
)
CODES = tuple(reason.code for reason in _REASONS)
Bytes = npt.NDArray[np.uint8]
_BYTES: Bytes = np.array([BYTE[code] for code in CODES], dtype=np.uint8)


def published(phase: Phase) -> Floats:
    """The share of all absent sessions that each reason made up, 2025/26."""
    figures = national()[phase]
    counts = np.array([figures[f"reason_{reason.column}"] for reason in _REASONS])
    if phase is Phase.PRIMARY:
        counts[CODES.index("S")] = 0.0  # 0.0002 %: no public examination there
    shares: Floats = counts / counts.sum()
    return shares


def _weights() -> Floats:
    """Shape: classes by reasons."""
    holiday = np.array([[1.0, reason.holiday] for reason in _REASONS]).T
    levels = np.array([reason.levels for reason in _REASONS]).T
    lengths = np.array([reason.lengths for reason in _REASONS]).T
    product = holiday[:, None, None, :] * levels[None, :, None, :] * lengths[None, None, :, :]
    exam = np.array([[reason.exam for reason in _REASONS]])
    return np.concatenate([product.reshape(EXAM_CLASS, -1), exam])


@cache
def _class_shares() -> dict[Phase, Floats]:
    shares = {phase: np.zeros(N_CLASSES) for phase in PUBLISHED_PHASES}
    for row in rows("spell_classes.csv"):
        shares[Phase(row["phase"])][int(row["class"])] = float(row["share"])
    return shares


@cache
def chances(phase: Phase) -> Floats:
    """The cumulative chances of the reasons in each class of spells.

    Shape: classes by reasons. Source: iterative proportional fitting (Deming and Stephan 1940).
    """
    spells, reasons = _class_shares()[phase], published(phase)
    start = _weights() * reasons
    table = start.copy()
    for _ in range(_FITTING_ROUNDS):
        table *= (spells / np.maximum(table.sum(axis=1), 1e-300))[:, None]
        table *= reasons / np.maximum(table.sum(axis=0), 1e-300)
    table += 1e-12 * start  # classes nobody was in when the shares were counted
    cumulative = np.cumsum(table, axis=1)
    return cumulative / cumulative[:, -1:]


@dataclass(frozen=True, slots=True)
class Spells:
    """Runs of missed sessions. `at` lists every missed session's place in the flat block, `spell` whose it is."""

    at: Ints
    spell: Ints
    start: Ints
    length: Ints
    pupil: Ints
    kind: Ints


def spells(absent: Flags, *, level: Floats, half_term: Ints, exam_year: Flags) -> Spells:
    """The spells of a school's year with their classes.

    Shape: `absent` pupils by days by sessions; `level` a rate and `exam_year` a flag per pupil; `half_term` per day.
    """
    n_days = absent.shape[1]
    at = np.flatnonzero(absent)
    row = at // (2 * n_days)
    new = np.ones(len(at), dtype=bool)
    new[1:] = (np.diff(at) != 1) | (np.diff(row) != 0)
    spell = np.cumsum(new) - 1
    length = np.bincount(spell) if len(at) else np.zeros(0, dtype=np.int64)
    start, pupil = at[new], row[new]
    first = start % (2 * n_days)
    near = near_holiday(half_term)
    holiday = near[first // 2] | near[np.minimum(first + length - 1, 2 * n_days - 1) // 2]
    exam = exam_year[pupil] & (half_term[first // 2] == BEFORE_EXAMS)
    size = np.where(length == 1, first % 2, 2 + np.searchsorted(_LENGTHS, length))
    kind = (holiday * N_LEVELS + np.searchsorted(_LEVELS, level[pupil], side="right")) * N_LENGTHS + size
    return Spells(at, spell, start, length, pupil, np.where(exam, EXAM_CLASS, kind))


def near_holiday(half_term: Ints) -> Flags:
    """Whether each day is one of the first or last of its half-term."""
    ends = np.concatenate([[True], np.diff(half_term) != 0])
    starts = np.flatnonzero(ends)
    stops = np.append(starts[1:], len(half_term)) - 1
    days = np.arange(len(half_term))
    return ((days - starts[half_term]) < _NEAR_HOLIDAY) | ((stops[half_term] - days) < _NEAR_HOLIDAY)


def draw(found: Spells, phase: Phase, *, level: Floats, rng: Stream) -> Bytes:
    """The byte of each spell's reason; `level` is the rate of absence of each pupil."""
    inclination = np.empty(len(level))
    inclination[np.argsort(level, kind="stable")] = spread(len(level), rng=rng)
    fresh = rng.random(len(found.kind))
    chance = np.where(rng.random(len(fresh)) < _SAME_REASON, inclination[found.pupil], fresh)
    reason = (chances(phase)[found.kind, :-1] <= chance[:, None]).sum(axis=1)
    drawn: Bytes = _BYTES[reason]
    return drawn
