"""A chain of deltas leads to the same register as one whole reading, whatever happens to the school in between."""

import asyncio
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.lib.mis import FIRST, evening, lab, marks_of, school_year

from tallyroll.simulate.mis_world import Control, MarkEdit, Pupil
from tallyroll.vocab.extracts import Extract

N_PUPILS, N_DAYS = 4, 12
SCHOOL = school_year(
    n_pupils=N_PUPILS,
    n_days=N_DAYS,
    settling={
        (0, 0, 0): ("N", "I", 1),
        (1, 2, 1): ("", "L", 2),  # a mark that is entered days late
        (2, 3, 0): ("G", "", 1),  # a mark that is taken away
        (3, 1, 0): ("O", "M", 20),  # never settles in time
    },
    leaving={3: FIRST + timedelta(days=8)},
    status=[(0, "sen", "K", FIRST + timedelta(days=2), FIRST + timedelta(days=9))],
)
place = st.integers(0, N_PUPILS - 1)
edits = st.tuples(
    st.just("edit"), place, st.integers(0, N_DAYS - 1), st.integers(0, 1), st.sampled_from(["I", "L", "", "C", "Y1"])
)
steps = st.lists(
    st.one_of(
        edits,
        st.tuples(st.sampled_from(["delete", "restore", "re_enrol"]), place),
        st.tuples(st.just("wait"), st.integers(1, 60)),
        st.tuples(st.just("pull"), st.integers(0, 2)),  # whether the pull stops some days short of today
    ),
    max_size=14,
)


class Kept:
    """What a register would hold after some extracts, written as plainly as can be."""

    def __init__(self):
        self.marks, self.roll = {}, {}

    def take(self, extract: Extract):
        if extract.full:
            # everything from first to last is given anew; the roll is given whole
            self.marks = {k: v for k, v in self.marks.items() if not str(extract.first) <= k[1] <= str(extract.last)}
            self.roll = {}
        for pupil, day, session, code in marks_of(extract):
            self.marks[pupil, day, session] = code
        for pupil in {row["pupil"] for row in extract.roll.to_pylist()}:
            mine = [tuple(r.values())[1:] for t in (extract.roll, extract.status) for r in t.to_pylist()]
            self.roll[pupil] = {row for row in mine if row[0] == pupil}


def control(step) -> Control:
    match step:
        case ("edit", pupil, day, session, code):
            return Control(edits=[MarkEdit(100001, pupil, SCHOOL.days[day], session, code)])
        case ("wait", _):
            return Control()
        case (name, pupil):
            return Control(**{name: [Pupil(100001, pupil)]})


@settings(max_examples=25, deadline=None)
@given(steps)
def test_deltas_equal_a_whole_reading(script):
    async def play():
        kept, resume = Kept(), ""
        async with lab(SCHOOL, now=evening(SCHOOL.days[1]), full_sync_days="300") as one:
            for step in [("pull", 0), *script, ("pull", 0)]:
                one.world.apply(Control(now=one.world.now + timedelta(hours=step[1] if step[0] == "wait" else 1)))
                if step[0] != "pull":
                    one.world.apply(control(step))
                    continue
                last = max(FIRST, one.world.now.date() - timedelta(days=step[1]))
                extract = await one.pull(resume=resume, last=last)
                kept.take(extract)
                resume = extract.resume
            whole = Kept()
            whole.take(await one.pull())
            assert kept.marks == whole.marks
            assert kept.roll == whole.roll

    asyncio.run(play())
