"""What runs in Spark's executors: one authority's weeks and roll through the kernel, and its counts as rows.

Nothing here knows Spark: tables come in and go out as Arrow.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tallyroll.engines.kernel import KernelEngine
from tallyroll.engines.kernel.rolls import numbers
from tallyroll.engines.plan import Plan
from tallyroll.engines.spark.counts import rows_of
from tallyroll.vocab.errors import VerificationProblem

Counting = Callable[[tuple[pa.Scalar, ...], pa.Table, pa.Table], pa.Table]


@dataclass(frozen=True, slots=True)
class Task:
    """What every authority is counted by; see `count_authority`. `schools` has `la` beside what that takes."""

    plan: Plan
    phases: Sequence[str]
    first: int
    last: int
    schools: pa.Table


def counting(task: Task) -> Counting:
    """The function that counts one authority: its key, its weeks and its roll come in, rows of COUNTS go out."""

    def count(key: tuple[pa.Scalar, ...], weeks: pa.Table, roll: pa.Table) -> pa.Table:
        la = key[0].as_py()
        weeks = weeks.sort_by([("monday", "ascending"), ("urn", "ascending")])
        schools = task.schools.filter(pc.field("la") == la)
        check_known(weeks, schools, la=la)
        check_apart(roll, la=la)
        tables = {"schools": schools, "spans": roll}
        counts = KernelEngine().authority(
            task.plan, tables, [weeks], phases=len(task.phases), first=task.first, last=task.last
        )
        received = Counter(weeks["monday"].cast(pa.int32()).to_pylist())
        return rows_of(counts, la=la, phases=task.phases, received=received)

    return count


def check_known(weeks: pa.Table, schools: pa.Table, *, la: str) -> None:
    """Return unless weeks came of a school that is not one of the authority's. Raises: VerificationProblem."""
    strange = np.setdiff1d(numbers(weeks, "urn"), numbers(schools, "urn"))
    if len(strange):
        what = f"{len(strange)} schools have marks and no row in the table of schools."
        raise VerificationProblem(what, where=f"authority {la}", mend="Export the registers again.")


def check_apart(spans: pa.Table, *, la: str) -> None:
    """Return unless stretches of one enrolment overlap: its marks would count twice.

    Raises: VerificationProblem.
    """
    urn, pupil, first, last = (numbers(spans, name) for name in ("urn", "pupil", "first_day", "last_day"))
    order = np.lexsort((first, pupil, urn))
    same = (urn[order][1:] == urn[order][:-1]) & (pupil[order][1:] == pupil[order][:-1])
    overlap = np.count_nonzero(same & (first[order][1:] <= last[order][:-1]))
    if overlap:
        what = f"{overlap} stretches of an enrolment overlap the one before."
        raise VerificationProblem(what, where=f"authority {la}", mend="Export the registers again.")
