"""A school's roll for a year: who stands on it, from when to when, under which UPN, how prone to absence."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from tallyroll.simulate.calendars import date_array, first_of_september
from tallyroll.simulate.children import RECEPTION, Children, Flags, Ints, children, year_groups
from tallyroll.simulate.estate import Plan, PlannedSchool
from tallyroll.simulate.propensity import mobile_ranks
from tallyroll.simulate.seeds import Stream
from tallyroll.simulate.tables import Floats, bands
from tallyroll.simulate.travel import MOVES, Days, Travellers
from tallyroll.simulate.upns import upns
from tallyroll.vocab.schools import Phase

ALL_WEEK = 0b11111
_FEEDER = 2000  # a secondary school's pupils got their UPN from a primary school: establishment number minus this
_CAME_LATER = 0.12  # pupils admitted at some time after their class began
_TEMPORARY = 0.004  # pupils with a temporary UPN
_ENTRY = {Phase.PRIMARY: RECEPTION, Phase.SECONDARY: 7, Phase.SPECIAL: RECEPTION}
STILL_HERE = np.datetime64("NaT")


@dataclass(frozen=True, slots=True)
class Roll:
    """One place per enrolment. `last` is NaT for those still here; `away` is a bit per weekday spent elsewhere."""

    child: Children
    admission: Days
    last: Days
    status: tuple[str, ...]
    away: Ints
    rate: Floats
    upn: pa.Array

    def __len__(self) -> int:
        return len(self.child)

    @property
    def compulsory(self) -> Flags:
        """Whether each is of compulsory school age, as far as the year group tells."""
        return (self.child.year > RECEPTION) & (self.child.year < 12)


def roll(plan: Plan, planned: PlannedSchool, travellers: Travellers, *, days: tuple[date, ...], rng: Stream) -> Roll:
    """The roll of one school."""
    leaving = np.flatnonzero(travellers.source == planned.place)
    coming = np.flatnonzero(travellers.target == planned.place)
    parts = [_settled(plan, planned, planned.size - len(leaving), days=days, rng=rng)]
    parts.append(_travellers(plan, planned, travellers, leaving, outward=True, rng=rng))
    parts.append(_travellers(plan, planned, travellers, coming, outward=False, rng=rng))
    child = parts[0].child.join(parts[1].child).join(parts[2].child)
    phase = planned.school.phase
    rates = plan.bends[phase].apply(bands(phase).rates(child.year, child.group, child.rank), planned.effect)
    return Roll(
        child=child,
        admission=np.concatenate([part.admission for part in parts]),
        last=np.concatenate([part.last for part in parts]),
        status=tuple(status for part in parts for status in part.status),
        away=np.concatenate([part.away for part in parts]),
        rate=rates,
        upn=pa.concat_arrays([part.upn for part in parts]),
    )


@dataclass(frozen=True, slots=True)
class _Part:
    child: Children
    admission: Days
    last: Days
    status: list[str]
    away: Ints
    upn: pa.Array


def _settled(plan: Plan, planned: PlannedSchool, count: int, *, days: tuple[date, ...], rng: Stream) -> _Part:
    """Pupils of this school alone, some of whom leave it, and as many who come in the year."""
    phase, la = planned.school.phase, planned.school.laestab.la
    present = year_groups(planned, max(count, 1), rng=rng)
    n_moves = int(rng.poisson(MOVES[phase] * len(present)))
    years = np.concatenate([present, rng.choice(present, n_moves)])
    child = children(phase, years, la=la, fsm=planned.fsm, rng=rng)
    leavers = rng.choice(len(present), min(n_moves, len(present)), replace=False)
    joiners = np.arange(len(present), len(years))
    mobile = np.concatenate([leavers, joiners])
    child.rank[mobile] = mobile_ranks(child.rank[mobile])
    school_days = date_array(days)
    admission = _admissions(plan, phase, years, rng)
    admission[joiners] = rng.choice(school_days[3:-5], len(joiners))
    last = np.full(len(years), STILL_HERE, dtype="datetime64[D]")
    last[leavers] = rng.choice(school_days[5:-3], len(leavers))
    upn = _upns(plan, planned, years, rng)
    return _Part(child, admission, last, ["C"] * len(years), np.zeros(len(years), dtype=np.int64), upn)


def _admissions(plan: Plan, phase: Phase, years: Ints, rng: Stream) -> Days:
    """1 September of the year each class began here; some came later than their class."""
    began = plan.year - np.maximum(years - _ENTRY[phase], 0)
    began = np.where(years >= 12, np.maximum(began, plan.year - (years - 12)), began)
    first = first_of_september(began)
    days_here = (np.datetime64(f"{plan.year}-09-01") - first).astype(np.int64)
    late = rng.random(len(years)) < _CAME_LATER
    later: Days = first + np.where(late, rng.random(len(years)) * days_here, 0).astype(np.int64)
    return later


def _upns(plan: Plan, planned: PlannedSchool, years: Ints, rng: Stream) -> pa.Array:
    establishment = int(planned.school.laestab.establishment)
    if planned.school.phase is Phase.SECONDARY:
        establishment -= _FEEDER
    allocated = np.minimum(plan.year - years, plan.year)
    serial = np.zeros(len(years), dtype=np.int64)
    for year in np.unique(allocated):
        serial[allocated == year] = np.arange((allocated == year).sum())
    return upns(
        la=np.full(len(years), int(planned.school.laestab.la)),
        establishment=np.full(len(years), establishment),
        allocated=allocated,
        serial=serial,
        temporary=rng.random(len(years)) < _TEMPORARY,
    )


def _travellers(
    plan: Plan, planned: PlannedSchool, travellers: Travellers, places: Ints, *, outward: bool, rng: Stream
) -> _Part:
    """This school's side of the children who stand on two rolls."""
    child, dual = travellers.child.take(places), travellers.dual[places]
    since = _admissions(plan, planned.school.phase, child.year, rng)
    if outward:
        admission, last = since, np.where(dual, STILL_HERE, travellers.day[places])
    else:
        september = np.datetime64(f"{plan.year}-09-01")
        admission = np.where(dual, september, travellers.arrival[places])
        last = np.full(len(places), STILL_HERE, dtype="datetime64[D]")
    elsewhere = travellers.weekdays[places] if outward else ALL_WEEK - travellers.weekdays[places]
    upn = upns(
        la=travellers.la[places],
        establishment=travellers.establishment[places],
        allocated=plan.year - child.year,
        serial=travellers.serial[places],
        temporary=np.zeros(len(places), dtype=bool),
    )
    status = [("M" if outward else "S") if one else "C" for one in dual]
    return _Part(child, admission, last, status, np.where(dual, elsewhere, 0), upn)
