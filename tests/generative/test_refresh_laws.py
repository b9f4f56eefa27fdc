"""Laws of refreshing: after any corrections, areas kept current are what counting anew gives, bit for bit."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pyarrow as pa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.generative.test_area_laws import ALL, LEAVES, areas_from_partitions
from tests.lib.builders import NOW
from tests.lib.partitions import changes_between, partitions_of
from tests.lib.small_registers import registers
from tests.lib.tallies import FIRST, LAST, count_permit

from tallyroll.tally.definitions import Definition
from tallyroll.tally.refreshing import LiveAreas, Sums
from tallyroll.vocab.codes import BY_TEXT, CODES
from tallyroll.vocab.places import COUNTRY_CODE, REGIONS
from tallyroll.vocab.shapes import Register

quick = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
AREAS = (COUNTRY_CODE, *(region.code for region in REGIONS))


def live_areas(register: Register) -> LiveAreas:
    """Areas kept current, counted from this register."""
    live = LiveAreas(Definition(ALL, LEAVES), first=FIRST, last=LAST)
    live.start(count_permit(), partitions_of(register), now=NOW)
    return live


def assert_current(live: LiveAreas, register: Register) -> None:
    """They are what the register gives when it is counted anew, and so are the sums of regions and the nation."""
    anew, full = live_areas(register), areas_from_partitions(register)
    assert live.areas.authorities == full.authorities
    assert live.areas.digest == full.digest
    for area in AREAS:
        for mine, theirs in zip(_arrays(live.sums(area)), _arrays(anew.sums(area)), strict=True):
            assert np.array_equal(mine, theirs)


def _arrays(sums: Sums) -> Sequence[np.ndarray]:
    return (*sums.figures.arrays, sums.enrolments, sums.enrolment_schools)


@st.composite
def corrected(draw: st.DrawFn, register: Register) -> Register:
    """The register with some marks said otherwise, and some withdrawn: what a school corrects weeks afterwards."""
    rows = register.marks.to_pylist()
    for row in rows:
        what = draw(st.sampled_from(["stays", "stays", "ill", "withdrawn", "any"]))
        if what != "stays":
            row["code"] = {"ill": BY_TEXT["I"].number, "withdrawn": 0}.get(what, draw(st.integers(1, len(CODES))))
    marks = pa.Table.from_pylist(rows, schema=register.marks.schema)
    return Register(register.schools, register.spans, marks)


@quick
@given(st.data())
def test_corrections_of_marks_leave_what_counting_anew_gives(data: st.DataObject) -> None:
    register = neighbours(data.draw(registers()))
    live = live_areas(register)
    other = neighbours(data.draw(registers()))  # some get another roll before marks are corrected
    live.refresh(count_permit(), changes_between(register, other), now=NOW)
    register = other
    for _ in range(3):
        after = data.draw(corrected(register))
        live.refresh(count_permit(), changes_between(register, after), now=NOW)
        register = after
    assert_current(live, register)


def neighbours(register: Register) -> Register:
    """The register with all its schools in one authority."""
    la = pa.array(["302"] * register.schools.num_rows, pa.string())
    return Register(register.schools.set_column(1, "la", la), register.spans, register.marks)


@quick
@given(st.lists(registers() | registers().map(neighbours), min_size=2, max_size=4))
def test_schools_that_open_close_move_or_get_another_roll_are_as_if_counted_anew(states: list[Register]) -> None:
    live = live_areas(states[0])
    for before, after in pairwise(states):
        live.refresh(count_permit(), changes_between(before, after), now=NOW)
    assert_current(live, states[-1])


@quick
@given(registers())
def test_taking_everything_back_leaves_nothing(register: Register) -> None:
    live = live_areas(register)
    nothing = Register(*(table.slice(0, 0) for table in (register.schools, register.spans, register.marks)))
    live.refresh(count_permit(), changes_between(register, nothing), now=NOW)
    assert live.areas.authorities == {}
    assert not any(array.any() for area in AREAS for array in _arrays(live.sums(area)))
