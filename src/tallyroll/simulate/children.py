"""Synthetic children: year group, sex, characteristics, identifiers, names. None of them is or was anybody.

Children are arrays, one place per child. Surnames say what they are; forenames are invented.
"""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
import numpy.typing as npt

from tallyroll.simulate.estate import PlannedSchool
from tallyroll.simulate.seeds import Stream, spread
from tallyroll.simulate.tables import Floats, bands
from tallyroll.vocab.places import BY_OLD_CODE
from tallyroll.vocab.schools import Phase

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

# fmt: off
FORENAMES = (
    "Abrin", "Belka", "Corvo", "Delfi", "Eskil", "Farun", "Gwint", "Hesper", "Idrun", "Jorvi", "Kaldo", "Lumen",
    "Mirell", "Noxan", "Orlin", "Pavri", "Quenby", "Rilla", "Sorrel", "Tavin", "Ulfra", "Vesper", "Wenlo", "Xandri",
    "Yarro", "Zephan",
)
SURNAMES = (
    "Synthex", "Modelly", "Testerly", "Sampleton", "Mockridge", "Randomsen", "Placeholt", "Dummerford", "Fabriqué",
    "Exempling", "Fictove", "Simulworth", "O'Sample", "Figment-Jones", "Generado", "Pretendham", "Virtualis",
    "Notreal", "Invently", "Seedling",
)
# fmt: on
# Shares of pupils in England by ethnic group, in the order of the vocabulary; from memory of the 2023/24 census,
# rounded: they need only be plausible, for no published attendance figure depends on them.
_ETHNICITY = (62.5, 0.3, 0.1, 0.4, 7.2, 1.6, 1.0, 1.6, 2.7, 4.0, 4.6, 1.9, 0.9, 2.4, 4.6, 0.9, 0.8, 2.6, 0.5, 1.0)
_MINORITIES = {"London": 4.2, "West Midlands": 1.3, "South East": 0.8, "East of England": 0.75}
_FEW_MINORITIES = {"North East": 0.35, "South West": 0.35}
_EHC_SHARE = {Phase.PRIMARY: 0.20, Phase.SECONDARY: 0.19, Phase.SPECIAL: 0.985}  # plans among pupils with any need
_SIXTH_FORM_PUPILS = 0.188  # of the pupils of a school that has one
_OUTSIDE_THE_YEARS = 0.12  # special-school pupils who follow no national curriculum year
_SPECIAL_UNDER_FIVE, _SPECIAL_OVER_SIXTEEN = 0.03, 0.06
_NURSERY_CLASS = 0.16  # of the size of a school that has one; they are not in the head count
NURSERY_1, NURSERY_2, RECEPTION = -2, -1, 0
NO_YEAR = 15  # shown as X


@dataclass(frozen=True, slots=True)
class Children:
    """Children of one phase.

    `year` is the year group by age (-2 N1 … 0 R … 14), `shown` the one in the register (15: X). `group` is a group of
    the band table, `rank` the rank of the child's absence in it. Characteristics are numbers of the vocabulary.
    """

    year: Ints
    shown: Ints
    group: Ints
    rank: Floats
    sen: Ints
    ethnicity: Ints
    fsm6: Flags
    looked_after: Flags
    previously_looked_after: Flags
    birth: Ints  # days after 1 September of the year of birth
    forename: Ints
    surname: Ints

    def __len__(self) -> int:
        return len(self.year)

    def take(self, places: Ints) -> Self:
        """These children, in this order."""
        return type(self)(*(getattr(self, field.name)[places] for field in fields(self)))

    def join(self, other: Self) -> Self:
        """These children and then the others."""
        pairs = ((getattr(self, field.name), getattr(other, field.name)) for field in fields(self))
        return type(self)(*(np.concatenate(pair) for pair in pairs))

    @property
    def fsm(self) -> Ints:
        """Free school meals: 0 unknown, 1 no, 2 yes."""
        return self.group // 6

    @property
    def male(self) -> Flags:
        """Whether each is a boy."""
        boys: Flags = self.group % 2 == 1
        return boys


def year_groups(planned: PlannedSchool, count: int, *, rng: Stream) -> Ints:
    """The year groups of a school's pupils in rising order, as even as its kind allows."""
    match planned.school.phase:
        case Phase.PRIMARY:
            nursery = round(count * _NURSERY_CLASS) if planned.nursery else 0
            older = _even(count, range(7), rng=rng)
            few = nursery // 4
            return np.concatenate([np.repeat([NURSERY_1, NURSERY_2], [few, nursery - few]), older])
        case Phase.SECONDARY:
            sixth = round(count * _SIXTH_FORM_PUPILS) if planned.sixth_form else 0
            return np.concatenate([_even(count - sixth, range(7, 12), rng=rng), _even(sixth, range(12, 14), rng=rng)])
        case _:
            return _special_years(count, rng=rng)


def _even(count: int, years: range, *, rng: Stream) -> Ints:
    each, rest = divmod(count, len(years))
    extra = rng.permutation(len(years)) < rest
    return np.repeat(np.array(years), each + extra)


def _special_years(count: int, *, rng: Stream) -> Ints:
    table = bands(Phase.SPECIAL).enrolments.sum(axis=1)
    school_age = (1 - _SPECIAL_UNDER_FIVE - _SPECIAL_OVER_SIXTEEN) * table / table.sum()
    shares = np.concatenate([[_SPECIAL_UNDER_FIVE], school_age, np.full(3, _SPECIAL_OVER_SIXTEEN / 3)])
    return np.searchsorted(np.cumsum(shares)[:-1], (np.arange(count) + rng.random()) / max(count, 1))


def children(phase: Phase, years: Ints, *, la: str, fsm: float, rng: Stream) -> Children:
    """Children of these year groups, as the band table has them, their free-school-meals share tilted by `fsm`."""
    count = len(years)
    groups = _groups(phase, years, fsm=fsm, rng=rng)
    rank = np.empty(count)
    rank[np.lexsort((groups, years))] = spread(count, rng=rng)
    draw = rng.random((5, count))
    planned_sen = groups // 2 % 3
    ehc = draw[0] < _EHC_SHARE[phase] * np.minimum(0.6 + 0.8 * rank, 1.015)
    eligible = groups // 6 == 2
    shown = np.where((draw[1] < _OUTSIDE_THE_YEARS) & (phase is Phase.SPECIAL) & (years > 0), NO_YEAR, years)
    return Children(
        year=years,
        shown=shown,
        group=groups,
        rank=rank,
        sen=np.where(planned_sen == 2, 2 + ehc, planned_sen),
        ethnicity=np.searchsorted(_ethnicities(la), rng.random(count)) + 1,
        fsm6=eligible | ((draw[2] < 0.025) & (years > 0)),
        looked_after=draw[3] < 0.007,
        previously_looked_after=draw[3] > 0.996,
        birth=rng.integers(0, 365, count),
        forename=rng.integers(0, len(FORENAMES), count),
        surname=rng.integers(0, len(SURNAMES), count),
    )


def _groups(phase: Phase, years: Ints, *, fsm: float, rng: Stream) -> Ints:
    """A group of the band table for each pupil: one draw per year group, spread evenly over the groups."""
    table = bands(phase)
    weights = table.enrolments * np.where(np.arange(table.enrolments.shape[1]) // 6 == 2, np.exp(fsm), 1.0)
    groups = np.zeros(len(years), dtype=np.int64)
    for year in np.unique(years):
        places = np.flatnonzero(years == year)
        cumulative = np.cumsum(weights[table.place(years[places[:1]])[0]])
        ranks = (rng.permutation(len(places)) + rng.random()) / len(places)
        groups[places] = np.searchsorted(cumulative, ranks * cumulative[-1], side="right")
    return groups


def _ethnicities(la: str) -> Floats:
    """Cumulative shares of the ethnic groups in an authority."""
    region = BY_OLD_CODE[la].region.name
    more = _MINORITIES.get(region) or _FEW_MINORITIES.get(region, 0.8)
    more *= 0.5 + (int(la) * 37 % 101) / 100  # authorities of a region differ by a fixed amount
    shares = np.array(_ETHNICITY)
    shares[1:] *= more
    cumulative: Floats = np.cumsum(shares / shares.sum())
    return cumulative[:-1]
