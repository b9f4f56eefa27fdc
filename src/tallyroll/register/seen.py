"""What is remembered of the roll that was last given, so that one that did not change is neither read nor merged.

It lies encrypted beside the pupils of the year: a digest of everything that the merged roll followed from, the last day
of anybody whom the extract did not name, and the pupils' numbers in the order of the extract's keys. The same extract
merged into what it made changes nothing; only a later first day could, by ending the enrolments of who is not named.
"""

from dataclasses import dataclass

import numpy as np

from tallyroll.register.sieve import Ints
from tallyroll.register.stretches import LAST, PUPIL, Stretches, are_among

_DIGEST, _DAY = 32, 4
_BEFORE_ANY = np.iinfo(np.int32).min


@dataclass(frozen=True, slots=True)
class Seen:
    """A roll as it was given: its digest, the last day of others on the roll, and the numbers of its pupils."""

    digest: bytes
    others_last: int
    numbers: Ints

    @classmethod
    def of(cls, digest: bytes, given: Stretches, *, numbers: Ints, roll: Stretches) -> "Seen":
        """What to remember of an extract that gives this roll, once `roll` is what it made of the school's."""
        others = roll[~are_among(roll[:, PUPIL], numbers[given[:, PUPIL]])]
        return cls(digest, int(others[:, LAST].max(initial=_BEFORE_ANY)), numbers)

    def covers(self, digest: bytes, *, full_from: int | None) -> bool:
        """Whether an extract with this digest leaves the roll as it is; `full_from` is a full one's first day."""
        return digest == self.digest and (full_from is None or full_from > self.others_last)

    def pack(self) -> bytes:
        """As bytes."""
        day = self.others_last.to_bytes(_DAY, "little", signed=True)
        return self.digest + day + self.numbers.astype("<i4").tobytes()


def unpack(data: bytes) -> Seen:
    """What `pack` made into these bytes."""
    day = int.from_bytes(data[_DIGEST : _DIGEST + _DAY], "little", signed=True)
    return Seen(data[:_DIGEST], day, np.frombuffer(data, dtype="<i4", offset=_DIGEST + _DAY).astype(np.int64))
