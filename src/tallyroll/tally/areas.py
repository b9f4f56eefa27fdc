"""Areas: what the statistics of authorities, regions and the nation are made from, as dense arrays by authority.

No school stands in them any more. They come from a tally (`area_sums`) or straight from registers (`area_counts`),
and everything that is published of areas is laid out from them (`area_tables`): both ways end in the same figures.
Only published phases are held; alternative provision and nurseries stay in a tally's cells.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

import numpy as np
import numpy.typing as npt

from tallyroll.engines.counts import AuthorityCounts, Ints, Values
from tallyroll.tally.definitions import ALL, BREAKDOWNS, PERSISTENT, SEVERE, VALUES
from tallyroll.vocab.codes import CODES
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.schools import PUBLISHED_PHASES

PHASES = tuple(str(phase) for phase in PUBLISHED_PHASES)
N_CODES = len(CODES) + 1
SCHOOL_DAYS = 5
SHARES = ("enrolments", PERSISTENT.name, SEVERE.name)
"""What the last axis of enrolments counts."""


@dataclass(frozen=True, slots=True)
class AreaCells:
    """The area cells of one authority, by published phase; no pupil and no school in them.

    cells[phase, week, day, value, code]: marks. `codes` names the last axis, `mondays` (days since 1970) the weeks.
    schools[phase, week, value, days]: schools by the days of the week, as bits, on which they have a possible session.
    on_roll[phase, week, day]: pupils on roll, per school the more of morning and afternoon.
    enrolments[window, phase, value, share] and enrolment_schools[window, phase, value]: see SHARES.
    """

    mondays: tuple[int, ...]
    codes: tuple[int, ...]
    cells: Ints
    schools: npt.NDArray[np.uint16]
    on_roll: Ints
    enrolments: Ints
    enrolment_schools: Ints

    @classmethod
    def of(cls, counts: AuthorityCounts) -> "AreaCells":
        """What an engine counted over one window."""
        return cls(
            counts.mondays,
            counts.codes,
            counts.cells,
            counts.schools,
            counts.on_roll,
            counts.enrolments[None],
            counts.enrolment_schools[None],
        )

    @property
    def shortest(self) -> "AreaCells":
        """The same without weeks and codes of which there is nothing: equal for what is equal."""
        some = self.cells != 0
        week, code = np.flatnonzero(some.any(axis=(0, 2, 3, 4))), np.flatnonzero(some.any(axis=(0, 1, 2, 3)))
        return AreaCells(
            tuple(self.mondays[place] for place in week),
            tuple(self.codes[place] for place in code),
            self.cells[:, week][..., code],
            self.schools[:, week],
            self.on_roll[:, week],
            self.enrolments,
            self.enrolment_schools,
        )

    def arrays(self) -> Iterator[npt.NDArray[np.integer]]:
        """Every number of it, array by array."""
        yield from (np.array(self.mondays, dtype=np.int32), np.array(self.codes, dtype=np.int32))
        yield from (self.cells, self.schools, self.on_roll, self.enrolments, self.enrolment_schools)

    def __eq__(self, other: object) -> bool:
        """Whether both say the same, whatever axes they were laid out on."""
        if not isinstance(other, AreaCells):
            return NotImplemented
        return all(map(np.array_equal, self.shortest.arrays(), other.shortest.arrays()))

    __hash__ = None  # type: ignore[assignment]  # arrays are compared, not hashed


@dataclass(frozen=True, slots=True)
class Areas:
    """The area cells of authorities, by old code. Equal areas give equal tables.

    `values` names the breakdown and value of each place, `windows` the days over which enrolments were counted,
    `contributors` the schools behind the counts with their authorities; `schools_open` of them ever had a possible
    session.
    """

    values: Values
    windows: tuple[tuple[date, date], ...]
    authorities: Mapping[str, AreaCells]
    contributors: Mapping[Urn, str]
    schools_open: int

    @property
    def breakdowns(self) -> frozenset[str]:
        """The characteristics by which they are broken down."""
        return frozenset(name for name, _ in self.values) - {ALL}

    @property
    def mondays(self) -> tuple[int, ...]:
        """The weeks of any authority."""
        return tuple(sorted({monday for one in self.authorities.values() for monday in one.mondays}))

    @property
    def n_days(self) -> int:
        """The days of a week that are counted: five, or seven where a tally has marks on others."""
        return max((one.cells.shape[2] for one in self.authorities.values()), default=SCHOOL_DAYS)

    def places(self, characteristic: str) -> slice:
        """Where the values of a breakdown lie; nowhere for one that was not counted."""
        names = [name for name, _ in self.values]
        first = names.index(characteristic) if characteristic in names else len(names)
        return slice(first, first + names.count(characteristic))

    @property
    def digest(self) -> str:
        """The SHA-256 of all they say: equal for what is equal, however it came about."""
        said = sha256(repr((self.values, self.windows, sorted(self.contributors.items()), self.schools_open)).encode())
        for la, one in sorted(self.authorities.items()):
            said.update(la.encode())
            for array in one.shortest.arrays():
                said.update(repr(array.shape).encode() + array.astype("<i4").tobytes())
        return said.hexdigest()


def values_of(characteristics: Collection[str]) -> Values:
    """The places of the values of these breakdowns and of `all`, which comes first."""
    names = [name for name in BREAKDOWNS if name == ALL or name in characteristics]
    return tuple((name, value) for name in names for value in range(len(VALUES[name])))
