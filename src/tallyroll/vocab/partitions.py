"""Partitions: registers as they pass from the scan side of the store to counting, one local authority at a time."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Partition:
    """The schools of one authority, their roll and their weeks, over the days that were asked for.

    Shape: `schools` is SCHOOLS, by urn: those with a week or a roll in the academic years of the days. `spans` is
           SPANS, by urn, pupil and first day: each stretch that meets the days, cut where the academic years end in
           which they lie; items outside the permit are 0, unknown. `weeks` holds a table of WEEKS for each calendar
           month (of the Monday; August has one for either academic year), in order, and may hold none. Each is sorted
           by urn and monday, and read, verified and decrypted when it is asked for, anew each time: ask once, count,
           let go. Threads may ask at once.
    A session on a day that was not asked for is as if it had not been sent. A pupil whose number is `n_pupils` or more
    has no mark in that week. A school-week without a row was never received: it is not attendance.
    """

    la: str
    schools: pa.Table
    spans: pa.Table
    weeks: Sequence[pa.Table]
