"""How prone each pupil is to absence: the bands of 2022/23, bent so that the rates of 2025/26 come out.

A pupil's rate is read off the band table at a rank within its year and group, then moved on the logit scale. All
rates move by `shift` and by the school's own effect, which sets persistent absence; those below 10 % also move
`stretch` times as far from 10 % as they were, which sets overall absence without touching the order of pupils. A rate
of 50 % stays where it was: for severe absence no newer figure was at hand.

Pupils who come or go within the year are away more, and count fully among enrolments though they bring fewer
sessions.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tallyroll.simulate.tables import N_BANDS, Floats, bands, national, share
from tallyroll.vocab.schools import Phase

PERSISTENT = 0.1
MOBILE_SHARE = {Phase.PRIMARY: 0.08, Phase.SECONDARY: 0.05, Phase.SPECIAL: 0.06}
"""The share of a year's enrolments that begin or end within the year."""

# What comes out strays from what is aimed at: the published year is shorter than the simulated one, so that pupils
# stray to both sides of 10 %, and schools share out groups of pupils unevenly. Measured on 30,000 to 120,000
# enrolments of each phase; per phase the correction of overall and of persistent absence.
_AIM = {Phase.PRIMARY: (1.002, 0.988), Phase.SECONDARY: (1.004, 0.989), Phase.SPECIAL: (1.013, 1.004)}
_MOBILE_RANK = 0.45  # a mobile pupil's rank is a uniform one to this power: nearer to 1
_MOBILE_SESSIONS = 0.5  # such a pupil is there for half the year on average
_POINTS = 60  # points in each band when the two figures are computed
_EFFECTS = 15  # points for the schools' effects
_SMALLEST = 0.002  # the rate of a pupil who is hardly ever away, about one session a year


@dataclass(frozen=True, slots=True)
class Bend:
    """How the rates of one phase in 2022/23 become those of 2025/26."""

    shift: float
    stretch: float

    def apply(self, rates: Floats, effect: Floats | float) -> Floats:
        """The rates of today, given each one's school effect."""
        return self.of_distance(_distance(rates), effect)

    def of_distance(self, distance: Floats, effect: Floats | float) -> Floats:
        """The same, from the distance of the old rate to the threshold on the logit scale."""
        above = 1 - self.shift / _FROM_TEN_TO_FIFTY
        stretched = distance * np.where(distance < 0, self.stretch, above)
        return 1 / (1 + np.exp(-(_THRESHOLD + self.shift + stretched + effect)))


def _logit(rate: Floats | float) -> Floats:
    logit: Floats = np.log(rate / (1 - np.asarray(rate)))
    return logit


def _distance(rates: Floats) -> Floats:
    return _logit(np.clip(rates, _SMALLEST, 1 - _SMALLEST)) - _THRESHOLD


_THRESHOLD = float(_logit(PERSISTENT))
_FROM_TEN_TO_FIFTY = -_THRESHOLD  # on the logit scale, where 50 % is 0


def mobile_ranks(ranks: Floats) -> Floats:
    """The ranks of pupils who come or go within the year, from uniform ones."""
    higher: Floats = ranks**_MOBILE_RANK
    return higher


def bend(phase: Phase, *, effects: Floats, pupils: Floats) -> Bend:
    """The bend with which these schools together show the published overall and persistent absence."""
    distance, enrolments, sessions = _spread(phase)
    common = _summary(effects, pupils)[:, None]
    mean = _AIM[phase][0] * share(phase, "overall_absence")
    persistent = _AIM[phase][1] * national()[phase]["pa_perc"] / 100

    def rates(shift: float, stretch: float) -> Floats:
        return Bend(shift, stretch).of_distance(distance, common)

    def shift_for(stretch: float) -> float:
        def seen(shift: float) -> float:
            return float(((rates(shift, stretch) >= PERSISTENT) @ enrolments).mean())

        return _rising(seen, persistent, low=-2.0, high=2.0)

    def minus_mean(stretch: float) -> float:
        return -float((rates(shift_for(stretch), stretch) @ sessions).mean())

    stretch = _rising(minus_mean, -mean, low=0.2, high=3.0)
    return Bend(shift_for(stretch), stretch)


def _spread(phase: Phase) -> tuple[Floats, Floats, Floats]:
    """Distances that stand for the whole phase, each with its share of enrolments and of possible sessions."""
    table = bands(phase)
    part = (np.arange(_POINTS) + 0.5) / _POINTS
    band = np.repeat(np.arange(N_BANDS), _POINTS)
    edges = np.concatenate([[0.0], np.cumsum(np.repeat(table.overall / _POINTS, _POINTS))])
    mobile = MOBILE_SHARE[phase] * np.diff(edges ** (1 / _MOBILE_RANK))
    settled = (1 - MOBILE_SHARE[phase]) * np.diff(edges)
    sessions = settled + _MOBILE_SESSIONS * mobile
    return _distance(table.within(band, np.tile(part, N_BANDS))), settled + mobile, sessions / sessions.sum()


def _summary(effects: Floats, pupils: Floats) -> Floats:
    """A few effects that stand for all schools' in proportion to their pupils."""
    order = np.argsort(effects, kind="stable")
    reached = (np.cumsum(pupils[order]) - pupils[order] / 2) / pupils.sum()
    return np.interp((np.arange(_EFFECTS) + 0.5) / _EFFECTS, reached, effects[order])


def _rising(function: Callable[[float], float], target: float, *, low: float, high: float, steps: int = 22) -> float:
    """Where a rising function reaches its target, by halving."""
    for _ in range(steps):
        middle = (low + high) / 2
        low, high = (middle, high) if function(middle) < target else (low, middle)
    return (low + high) / 2
