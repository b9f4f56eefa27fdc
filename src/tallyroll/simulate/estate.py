"""The plan of a synthetic England: which schools it has, and what sets each apart, before any pupil is made.

The plan is always made for all of England, so that a school is the same whichever authorities are written out.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from tallyroll.simulate.propensity import Bend, bend
from tallyroll.simulate.seeds import stream
from tallyroll.simulate.tables import EstateRow, Floats, bands, estate
from tallyroll.vocab.errors import UsageProblem
from tallyroll.vocab.identifiers import Laestab, Urn
from tallyroll.vocab.places import AUTHORITIES, BY_OLD_CODE
from tallyroll.vocab.schools import PUBLISHED_PHASES, Phase, School

FIRST_URN = 900_001  # far above the numbers given to real schools (about 152,000 in 2026)
_FIRST_ESTABLISHMENT = {Phase.PRIMARY: 2001, Phase.SECONDARY: 4001, Phase.SPECIAL: 7001}
_SIZE_SPREAD = {Phase.PRIMARY: 0.55, Phase.SECONDARY: 0.38, Phase.SPECIAL: 0.45}
_SMALLEST = {Phase.PRIMARY: 24, Phase.SECONDARY: 150, Phase.SPECIAL: 20}
_SCHOOL_SPREAD = {Phase.PRIMARY: 0.15, Phase.SECONDARY: 0.2, Phase.SPECIAL: 0.24}
_FSM_SPREAD = 0.75  # of a school's free-school-meals share, on the logit scale
_NURSERY_SHARE = 0.45  # primary schools with a nursery class
_SIXTH_FORM_SHARE = 0.6  # secondary schools with a sixth form

# Overall absence of each region over England's, and the spread left between authorities, 2025/26.
_REGION = {
    "North East": 7.30,
    "North West": 6.93,
    "Yorkshire and The Humber": 7.21,
    "East Midlands": 6.79,
    "West Midlands": 6.96,
    "East of England": 6.84,
    "London": 6.28,
    "South East": 6.89,
    "South West": 7.24,
}
_ENGLAND = 6.88
_GAIN = 1.25  # the mean moves by less than its effect, for high rates have little room to rise
_AUTHORITY_SPREAD = {Phase.PRIMARY: 0.055, Phase.SECONDARY: 0.13, Phase.SPECIAL: 0.18}

_STEMS = "Amber Bracken Cinder Dapple Elder Fallow Gorse Hazel Ivory Juniper Kestrel Linnet Marram Nettle Osier Plover"
_STEMS += " Quill Rowan Sedge Tansy Umber Vetch Willow Yarrow"
_ENDS = "barrow brook combe croft dale field ham holt ley mere moor stead thorpe wick worth"
_PLACES = tuple(stem + end for end in _ENDS.split() for stem in _STEMS.split())
_KINDS = {Phase.PRIMARY: "Primary School", Phase.SECONDARY: "School", Phase.SPECIAL: "Special School"}


@dataclass(frozen=True, slots=True)
class PlannedSchool:
    """A school to be made. `effect` moves its pupils' absence and `fsm` its free-school-meals share (logit scale)."""

    place: int
    school: School
    size: int
    effect: float
    fsm: float
    nursery: bool
    sixth_form: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """All schools of a synthetic England, and how the rates of each phase are bent."""

    seed: int
    year: int
    scale: float
    schools: tuple[PlannedSchool, ...]
    bends: dict[Phase, Bend]

    def of_authorities(self, authorities: Sequence[str]) -> tuple[PlannedSchool, ...]:
        """The schools of these authorities (old codes); of all when none is named."""
        unknown = sorted(set(authorities) - set(BY_OLD_CODE))
        if unknown:
            raise UsageProblem(f"No authority has the code {', '.join(unknown)}.", mend="Give old three-digit codes.")
        return tuple(one for one in self.schools if not authorities or one.school.laestab.la in authorities)


def plan(*, scale: float, seed: int, year: int) -> Plan:
    """The plan of England at this scale: 1.0 has 21,292 schools, 0.02 has 426."""
    if not 0 < scale <= 1:
        raise UsageProblem(f"A scale lies above 0 and up to 1; {scale} does not.", mend="Try --scale 0.02.")
    schools: list[PlannedSchool] = []
    bends = {}
    for phase in PUBLISHED_PHASES:
        rows = [row for row in estate() if row.phase is phase]
        made = _phase(phase, _counts(rows, scale), rows, seed=seed, before=len(schools))
        if made:
            effects, pupils = np.array([one.effect for one in made]), np.array([float(one.size) for one in made])
            bends[phase] = bend(phase, effects=effects, pupils=pupils)
        schools += made
    return Plan(seed, year, scale, tuple(schools), bends)


def _counts(rows: list[EstateRow], scale: float) -> list[int]:
    """Schools of each row: first shared out over the regions, then over the authorities of each.

    Shared out over authorities alone, a small scale would leave out the regions whose authorities are small.
    """
    regions = [BY_OLD_CODE[row.la].region.code for row in rows]
    total = {
        region: sum(row.schools for row, one in zip(rows, regions, strict=True) if one == region) * scale
        for region in sorted(set(regions))
    }
    seats = dict(zip(total, apportion(list(total.values()), round(sum(total.values()))), strict=True))
    counts = [0] * len(rows)
    for region, seats_here in seats.items():
        places = [place for place, one in enumerate(regions) if one == region]
        for place, count in zip(places, apportion([rows[p].schools * scale for p in places], seats_here), strict=True):
            counts[place] = count
    return counts


def apportion(shares: list[float], seats: int) -> list[int]:
    """Whole numbers near the shares that add up to `seats`: the largest remainders are rounded up first."""
    counts = [int(share) for share in shares]
    by_remainder = sorted(range(len(shares)), key=lambda place: counts[place] - shares[place])
    for place in by_remainder[: seats - sum(counts)]:
        counts[place] += 1
    return counts


def _phase(phase: Phase, counts: list[int], rows: list[EstateRow], *, seed: int, before: int) -> list[PlannedSchool]:
    rng = stream(seed, f"estate {phase}")
    las = [row.la for row, count in zip(rows, counts, strict=True) for _ in range(count)]
    sizes = [
        size
        for row, count in zip(rows, counts, strict=True)
        for size in _sizes(phase, count, row.pupils / row.schools, rng=rng)
    ]
    weights = np.array(sizes, dtype=float)
    effects = _effects(phase, las, _SCHOOL_SPREAD[phase] * _normal(rng, len(las)), weights, seed=seed)
    tilts = 0.5 * _authority_draws(seed, "fsm", las) + _FSM_SPREAD * _normal(rng, len(las))
    tilts = _fsm_tilts(phase, _centred_by_region(tilts, las, weights), weights)
    nursery = rng.random(len(las)) < (_NURSERY_SHARE if phase is Phase.PRIMARY else 0)
    sixth = rng.random(len(las)) < (_SIXTH_FORM_SHARE if phase is Phase.SECONDARY else 0)
    within: Counter[str] = Counter()
    made = []
    for place, la in enumerate(las):
        school = _school(phase, la, number=within[la], urn=FIRST_URN + before + place)
        within[la] += 1
        own = float(effects[place]), float(tilts[place]), bool(nursery[place]), bool(sixth[place])
        made.append(PlannedSchool(before + place, school, sizes[place], *own))
    return made


def _sizes(phase: Phase, count: int, mean: float, *, rng: np.random.Generator) -> list[int]:
    """Sizes around the authority's mean size, whose sum is exactly what the mean asks for."""
    if not count:
        return []
    shape = 1 / _SIZE_SPREAD[phase] ** 2
    drawn = np.maximum(rng.gamma(shape, mean / shape, count), min(_SMALLEST[phase], mean))
    reached = np.round(np.cumsum(drawn * (mean * count / drawn.sum()))).astype(int)
    return [int(size) for size in np.diff(reached, prepend=0)]


def _normal(rng: np.random.Generator, count: int) -> Floats:
    """Normal numbers in random order whose quantiles are exactly those of the normal distribution."""
    standard = NormalDist()
    quantiles = np.array([standard.inv_cdf((place + 0.5) / count) for place in range(count)])
    shuffled: Floats = rng.permutation(quantiles)
    return shuffled


def _authority_draws(seed: int, purpose: str, las: list[str]) -> Floats:
    draws = _normal(stream(seed, f"authority {purpose}"), len(AUTHORITIES))
    by_la = {la.old_code: draw for la, draw in zip(AUTHORITIES, draws, strict=True)}
    return np.array([by_la[la] for la in las])


def _effects(phase: Phase, las: list[str], schools: Floats, weights: Floats, *, seed: int) -> Floats:
    """Region, authority and school: high absence goes with high absence in the other phases, though not wholly."""
    draws = 0.85 * _authority_draws(seed, "all", las) + 0.53 * _authority_draws(seed, phase, las)
    own = _centred_by_region(_AUTHORITY_SPREAD[phase] * draws + schools, las, weights)
    region = np.array([_GAIN * np.log(_REGION[BY_OLD_CODE[la].region.name] / _ENGLAND) for la in las])
    return _centred(region + own, weights)


def _centred(values: Floats, weights: Floats) -> Floats:
    centred: Floats = values - (values * weights).sum() / max(weights.sum(), 1.0)
    return centred


def _centred_by_region(values: Floats, las: list[str], weights: Floats) -> Floats:
    """Values whose mean over the pupils of each region is 0, so that regions come out as published."""
    region = np.array([int(BY_OLD_CODE[la].region.code[1:]) for la in las], dtype=np.int64) % 100
    means = np.bincount(region, values * weights, 100) / np.maximum(np.bincount(region, weights, 100), 1.0)
    centred: Floats = values - means[region]
    return centred


def _fsm_tilts(phase: Phase, tilts: Floats, weights: Floats) -> Floats:
    """The tilts moved together so that the schools' shares of eligible pupils average to the published share."""
    enrolments = bands(phase).enrolments
    eligible = enrolments[:, 12:].sum() / enrolments.sum()
    base = np.log(eligible / (1 - eligible))
    shift = 0.0
    for _ in range(30):
        shares = 1 / (1 + np.exp(-(base + tilts + shift)))
        shift += 3 * float(eligible - (shares * weights).sum() / max(weights.sum(), 1.0))
    return tilts + shift


def _school(phase: Phase, la: str, *, number: int, urn: int) -> School:
    place = _PLACES[(number * 7 + int(la) * 31) % len(_PLACES)]
    laestab = Laestab(la, str(_FIRST_ESTABLISHMENT[phase] + number))
    return School(Urn(urn), laestab, f"{place} {_KINDS[phase]}", phase)
