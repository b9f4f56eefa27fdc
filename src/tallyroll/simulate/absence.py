"""Which sessions a pupil misses: as many as the pupil's rate says, on the days that were worst for the pupil.

Every pupil has a field of susceptibility over the sessions of the year. It is smooth from day to day, so that absence
comes in spells; it is shared by the mornings and afternoons of a day; it rises and falls with the weekday, the term
and outbreaks at the school. The `n` highest sessions are missed, which makes each pupil's total exact.
"""

import numpy as np
import numpy.typing as npt

from tallyroll.simulate.certain import Setting
from tallyroll.simulate.children import Flags, Ints
from tallyroll.simulate.seeds import Stream
from tallyroll.simulate.tables import Floats

Field = npt.NDArray[np.float32]

_CARRY = 0.55  # of one day's susceptibility into the next
_SESSION_NOISE = 0.45  # how far mornings and afternoons of a day differ
_WEEKDAY = (1.0, 0.975, 0.955, 0.995, 1.20)
# Absence at the start and at the end of each half-term, over the year's mean.
_HALF_TERM = ((0.68, 1.04), (0.84, 1.30), (0.97, 1.06), (0.97, 1.10), (0.92, 1.02), (0.96, 1.26))
_GAIN = 0.6  # standard deviations of the field that change absence by a factor e
_DAY_NOISE = 0.06
_OUTBREAKS, _OUTBREAK_DAYS, _OUTBREAK = 2.0, 6, 0.35  # a year, how long, and by what (logarithm)
_LONG_SPELLS, _LONG_DAYS, _LONG = 0.35, 5.0, 2.5  # a pupil and year, mean days beyond 2, lift of the field
_PART_TIME, _PART_TIME_FROM, _PART_TIME_LIFT = 0.12, 25, 2.5  # share of pupils who miss so many sessions


def targets(rates: Floats, possible: Ints, *, rng: Stream) -> Ints:
    """How many sessions each pupil misses; the fraction of a session is left to chance."""
    return np.minimum(np.floor(rates * possible + rng.random(len(rates))).astype(np.int64), possible)


def choose(setting: Setting, allowed: Flags, target: Ints, *, rng: Stream) -> Flags:
    """Shape: pupils by days by sessions. True where a session is missed; `target` of the `allowed` ones each."""
    field = _field(setting, target, rng)
    field[~allowed] = -np.inf
    flat = field.reshape(len(target), -1)
    ordered = np.sort(flat, axis=1)
    last = flat.shape[1] - np.maximum(target, 1)
    threshold = ordered[np.arange(len(target)), last]
    threshold[target == 0] = np.inf
    missed: Flags = field >= threshold[:, None, None]
    return missed


def _field(setting: Setting, target: Ints, rng: Stream) -> Field:
    pupils, days = len(target), len(setting.days)
    daily = rng.standard_normal((days, pupils), dtype=np.float32)
    fresh = np.float32(np.sqrt(1 - _CARRY**2))
    for day in range(1, days):
        daily[day] = _CARRY * daily[day - 1] + fresh * daily[day]
    daily += day_effect(setting, rng=rng)[:, None]
    by_pupil = np.ascontiguousarray(daily.T)
    by_pupil += _long_spells(pupils, days, rng)
    field = _SESSION_NOISE * rng.random((pupils, days, 2), dtype=np.float32)
    field += by_pupil[:, :, None]
    _part_time(field, target, rng)
    return field


def day_effect(setting: Setting, *, rng: Stream) -> Field:
    """How much worse than usual each day is at this school, in the field's own unit."""
    log = np.log(np.array(_WEEKDAY)[setting.weekday]) + np.log(_term_shape(setting.half_term))
    log = log + _DAY_NOISE * rng.standard_normal(len(log))
    for start in rng.integers(0, len(log), rng.poisson(_OUTBREAKS)):
        log[start : start + _OUTBREAK_DAYS] += _OUTBREAK
    effect: Field = (_GAIN * log).astype(np.float32)
    return effect


def _term_shape(half_term: Ints) -> Floats:
    """Absence rises through each half-term, fastest at its end."""
    shape = np.ones(len(half_term))
    for place, (start, end) in enumerate(_HALF_TERM):
        days = np.flatnonzero(half_term == place)
        shape[days] = start + (end - start) * np.linspace(0, 1, len(days)) ** 1.5
    return shape


def _long_spells(pupils: int, days: int, rng: Stream) -> Field:
    """Illnesses of a week and more."""
    count = rng.poisson(_LONG_SPELLS * pupils)
    who, start = rng.integers(0, pupils, count), rng.integers(0, days, count)
    end = np.minimum(start + 2 + rng.geometric(1 / _LONG_DAYS, count), days)
    steps = np.zeros((pupils, days + 1), dtype=np.float32)
    np.add.at(steps, (who, start), _LONG)
    np.subtract.at(steps, (who, end), _LONG)
    lifted: Field = np.cumsum(steps, axis=1, dtype=np.float32)[:, :-1]
    return lifted


def _part_time(field: Field, target: Ints, rng: Stream) -> None:
    """Some who miss much miss the afternoons of some weeks: a reduced timetable."""
    who = np.flatnonzero((target > _PART_TIME_FROM) & (rng.random(len(target)) < _PART_TIME))
    for place, start, length in zip(
        who, rng.integers(0, field.shape[1], len(who)), rng.integers(15, 61, len(who)), strict=True
    ):
        field[place, start : start + length, 1] += _PART_TIME_LIFT
