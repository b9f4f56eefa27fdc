"""Children who stand on two rolls: those who move from one school to another, and those registered at both.

They are drawn with the plan, for both schools must show the same child under the same UPN.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tallyroll.simulate.calendars import date_array, term_days, usual_terms
from tallyroll.simulate.children import Children, Flags, Ints, children
from tallyroll.simulate.estate import Plan, PlannedSchool
from tallyroll.simulate.propensity import MOBILE_SHARE, mobile_ranks
from tallyroll.simulate.seeds import Stream, stream
from tallyroll.vocab.schools import PUBLISHED_PHASES, Phase

Days = npt.NDArray[np.datetime64]

MOVES = {phase: share / 4 for phase, share in MOBILE_SHARE.items()}
"""Moves per pupil on roll: half of those who come or go know another school of ours, and each of these stands twice."""

# Dual registrations per pupil on roll: their two halves together give the published share of D marks.
_DUAL = {Phase.PRIMARY: 0.00045, Phase.SECONDARY: 0.0038, Phase.SPECIAL: 0.0014}
_YEARS = {Phase.PRIMARY: (0, 7), Phase.SECONDARY: (7, 12), Phase.SPECIAL: (1, 12)}
_ESTABLISHMENT = 1900  # an earlier school of the authority that gave these children their UPN


@dataclass(frozen=True, slots=True)
class Travellers:
    """Children with two enrolments in the same phase, one place each.

    `source` and `target` are places in the plan; the target is the subsidiary school of a `dual` child. `day` is the
    last day at the source and `arrival` the first at the target, for movers. `weekdays` says for a dual child on which
    weekdays (bit 0: Monday) it is at the target.
    """

    child: Children
    source: Ints
    target: Ints
    dual: Flags
    day: Days
    arrival: Days
    weekdays: Ints
    la: Ints
    establishment: Ints
    serial: Ints


def travellers(plan: Plan) -> dict[Phase, Travellers]:
    """Every child of the plan with two enrolments."""
    return {
        phase: _of_phase(plan, phase, [one for one in plan.schools if one.school.phase is phase])
        for phase in PUBLISHED_PHASES
    }


def _of_phase(plan: Plan, phase: Phase, schools: list[PlannedSchool]) -> Travellers:
    rng = stream(plan.seed, f"travel {phase}")
    own, dual = _origins(phase, schools, rng)
    near = _neighbour(schools, own, rng)
    years = rng.integers(*_YEARS[phase], len(own))
    child = children(phase, years, la="330", fsm=0.0, rng=rng)
    child.rank[:] = mobile_ranks(child.rank)
    places, las = (np.array([value(one) for one in schools], dtype=np.int64) for value in (_place, _la))
    day, arrival = _moving_days(plan.year, len(own), rng)
    number = _within(las[own])
    return Travellers(
        child=child,
        source=places[own],
        target=places[near],
        dual=dual,
        day=day,
        arrival=arrival,
        weekdays=rng.choice(np.array([0b00011, 0b00110, 0b01100, 0b11000, 0b10101, 0b11100]), len(own)),
        la=las[own],
        establishment=_ESTABLISHMENT + 10 * PUBLISHED_PHASES.index(phase) + number // 1000,
        serial=number % 1000,
    )


def _place(one: PlannedSchool) -> int:
    return one.place


def _la(one: PlannedSchool) -> int:
    return int(one.school.laestab.la)


def _origins(phase: Phase, schools: list[PlannedSchool], rng: Stream) -> tuple[Ints, Flags]:
    """The school (place in the list) that each traveller comes from, and whether it keeps the child on its roll."""
    sizes = np.array([one.size for one in schools], dtype=float)
    if len(schools) < 2:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=bool)
    moves, duals = (rng.poisson(sizes * rate) for rate in (MOVES[phase], _DUAL[phase]))
    order = np.arange(len(schools))
    dual = np.repeat([False, True], [moves.sum(), duals.sum()])
    return np.concatenate([np.repeat(order, moves), np.repeat(order, duals)]), dual


def _neighbour(schools: list[PlannedSchool], own: Ints, rng: Stream) -> Ints:
    """Another school of the same authority; where there is none, of the same region, and then of England."""
    areas = [_la_area(schools), _region_area(schools), np.zeros(len(schools), dtype=np.int64)]
    chosen = np.full(len(own), -1)
    for area in areas:
        order = np.argsort(area, kind="stable")
        rank = np.empty(len(schools), dtype=np.int64)
        rank[order] = np.arange(len(schools))
        start = np.searchsorted(area[order], area[own])
        size = np.searchsorted(area[order], area[own], side="right") - start
        step = 1 + (rng.random(len(own)) * np.maximum(size - 1, 1)).astype(np.int64)
        other = order[start + (rank[own] - start + step) % size]
        chosen = np.where((chosen < 0) & (size > 1), other, chosen)
    return chosen


def _la_area(schools: list[PlannedSchool]) -> Ints:
    return np.array([_la(one) for one in schools])


def _region_area(schools: list[PlannedSchool]) -> Ints:
    return np.array([int(one.school.la.region.code[1:]) for one in schools])


def _within(keys: Ints) -> Ints:
    """The running number of each place among those of the same key."""
    order = np.argsort(keys, kind="stable")
    starts = np.searchsorted(keys[order], keys[order])
    numbers = np.empty(len(keys), dtype=np.int64)
    numbers[order] = np.arange(len(keys)) - starts
    return numbers


def _moving_days(year: int, count: int, rng: Stream) -> tuple[Days, Days]:
    """Last day at the old school and first day at the new, one to eight weekdays later."""
    days = date_array(term_days(usual_terms(year), year))
    last = rng.integers(5, len(days) - 15, count)
    return days[last], np.busday_offset(days[last], rng.integers(1, 9, count))
