"""Laws of areas: counted from packed weeks or added up from a tally, they are the same, array for array."""

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.lib.builders import NOW
from tests.lib.partitions import dense, partitions_of
from tests.lib.small_registers import DAYS, URNS, registers
from tests.lib.tallies import FIRST, LAST, count_permit, counted, persistent

from tallyroll.engines.kernel import KernelEngine
from tallyroll.tally import Areas, Tally, areas_of, count_areas, load_either, save
from tallyroll.tally.area_tables import area_breakdown, area_daily, area_persistent
from tallyroll.tally.definitions import COMPULSORY_SCHOOL_AGE, Definition, Population
from tallyroll.vocab.characteristics import BY_NAME
from tallyroll.vocab.shapes import Register

quick = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)

ALL = tuple(BY_NAME)
LEAVES = Population(COMPULSORY_SCHOOL_AGE.year_groups, DAYS[2], {URNS[1]: DAYS[3]})


def areas_from_tally(register: Register, *, first: date = FIRST, last: date = LAST) -> Areas:
    """By way of a tally of every school, counted by SQL."""
    cells = counted(register, *ALL, population=LEAVES).cells
    inside = pa.array([first <= day <= last for day in cells["date"].to_pylist()], pa.bool_())
    shares = persistent(register, *ALL, first=first, last=last, population=LEAVES, whole=True)
    return areas_of(Tally(cells.filter(inside), shares))


def areas_from_partitions(register: Register, *, first: date = FIRST, last: date = LAST, threads: int = 2) -> Areas:
    """Straight from packed weeks, by the kernel."""
    return count_areas(
        count_permit(),
        KernelEngine(),
        partitions_of(register),
        definition=Definition(ALL, LEAVES),
        first=first,
        last=last,
        now=NOW,
        threads=threads,
    )


@quick
@given(registers())
def test_areas_counted_from_packed_weeks_are_those_of_the_tally(register: Register) -> None:
    one, other = areas_from_tally(dense(register)), areas_from_partitions(register)
    assert one.authorities == other.authorities
    assert one.schools_open == other.schools_open
    assert area_daily(one).equals(area_daily(other))
    for name in ("all", "fsm", "ethnicity_major"):
        assert area_breakdown(one, name).equals(area_breakdown(other, name))
        assert area_persistent(one, name).equals(area_persistent(other, name))


@quick
@given(registers(), st.sampled_from(DAYS), st.sampled_from(DAYS))
def test_a_window_that_cuts_a_week_counts_its_own_days(register: Register, one: date, other: date) -> None:
    first, last = sorted((one, other))
    by_tally = areas_from_tally(dense(register), first=first, last=last)
    by_weeks = areas_from_partitions(register, first=first, last=last)
    assert by_tally.authorities == by_weeks.authorities
    assert by_tally.schools_open == by_weeks.schools_open


@quick
@given(registers())
def test_areas_are_the_same_after_a_night_on_disk(register: Register) -> None:
    made = areas_from_partitions(register)
    with TemporaryDirectory() as folder:
        save(made, Path(folder) / "areas")
        back = load_either(Path(folder) / "areas")
    assert (back, back.digest) == (made, made.digest)


@quick
@given(registers())
def test_threads_change_nothing(register: Register) -> None:
    assert areas_from_partitions(register, threads=1) == areas_from_partitions(register, threads=3)
