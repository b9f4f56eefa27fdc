"""The store under random sequences of extracts, against a model of plain dictionaries."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.lib.builders import NOW
from tests.lib.registers import extract, kept, opened, reading

from tallyroll.vocab.codes import BY_TEXT

DAYS = [date(2026, 11, day) for day in (9, 10, 12, 16, 17, 19)]
FOREVER = date(9999, 12, 31)
KEYS = ["ann", "bob", "cat", "dan"]

MARKS = st.dictionaries(
    st.tuples(st.sampled_from(KEYS), st.sampled_from(DAYS), st.sampled_from(["AM", "PM"])),
    st.sampled_from(["/", "I", "N", ""]),
    max_size=12,
)
ROLLS = st.dictionaries(
    st.sampled_from(KEYS),
    st.tuples(
        st.sampled_from(["F", "M"]),
        st.sampled_from([date(2026, 9, 1), date(2026, 11, 11)]),
        st.sampled_from([None, None, date(2026, 11, 17)]),
    ),
    max_size=4,
)
STEPS = st.lists(
    st.tuples(ROLLS, MARKS, st.booleans(), st.sampled_from(DAYS[:4]), st.lists(st.sampled_from(KEYS), max_size=1)),
    min_size=1,
    max_size=6,
)


@dataclass
class Model:
    """A register as a person would keep it on paper."""

    numbers: dict = field(default_factory=dict)
    roll: dict = field(default_factory=dict)  # key: list of (first, last, sex)
    marks: dict = field(default_factory=dict)  # (key, day, session): code

    def take(self, roll, marks, *, full, first, removed):
        """What the extract says, written over what stood here."""
        named = {key: [(start, end or FOREVER, sex)] for key, (sex, start, end) in roll.items()}
        for key in named:
            self.numbers.setdefault(key, len(self.numbers))
        for key in removed:
            if key not in named:
                self.roll.pop(key, None)
        if full:
            end = first - timedelta(days=1)
            for key in set(self.roll) - set(named):
                self.roll[key] = [(a, min(b, end), sex) for a, b, sex in self.roll[key] if a <= end]
            self.marks = {slot: code for slot, code in self.marks.items() if slot[1] < first}
        self.roll |= named
        for (key, day, session), code in marks.items():
            if day >= first and any(a <= day <= b for a, b, _ in self.roll.get(key, [])) and (code or not full):
                self.marks[key, day, session] = code

    def rows(self):
        """What a reading of every day should give."""
        on_roll = [key for key, spans in self.roll.items() if any(a <= DAYS[-1] and b >= DAYS[0] for a, b, _ in spans)]
        came = {slot[1:] for slot, code in self.marks.items() if code}  # whoever it was of, the school sent the session
        return {
            (self.numbers[key], day, ("AM", "PM").index(session), number(self.marks.get((key, day, session))))
            for key in on_roll
            for day, session in came
        }


def number(code):
    return BY_TEXT[code].number if code else 0


def as_extract(roll, marks, *, full, first, removed):
    return extract(
        roll=[(key, None, sex, str(start), end and str(end)) for key, (sex, start, end) in roll.items()],
        marks=[(key, str(day), session, code) for (key, day, session), code in marks.items()],
        full=full,
        first=first,
        last=DAYS[-1],
        removed=tuple(removed),
    )


def rows_of(register):
    return {(row["pupil"], row["date"], row["session"], row["code"]) for row in register.marks.to_pylist()}


@settings(max_examples=25, deadline=None)
@given(steps=STEPS)
def test_the_store_holds_what_a_paper_register_would(steps):
    model = Model()
    with TemporaryDirectory() as folder, opened(Path(folder)) as store:
        for roll, marks, full, first, removed in steps:
            whole = roll or {"ann": ("F", date(2026, 9, 1), None)}  # an empty full extract is another matter
            kept(store, as_extract(whole, marks, full=full, first=first, removed=removed))
            model.take(whole, marks, full=full, first=first, removed=removed)
            register = reading(store, first=DAYS[0], last=DAYS[-1])
            assert rows_of(register) == model.rows()
            assert register.marks.num_rows == len(model.rows())


@settings(max_examples=15, deadline=None)
@given(steps=STEPS)
def test_every_earlier_state_can_be_read_again_exactly(steps):
    with TemporaryDirectory() as folder, opened(Path(folder)) as store:
        seen = []
        for n, (roll, marks, full, first, removed) in enumerate(steps):
            whole = roll or {"ann": ("F", date(2026, 9, 1), None)}
            moment = NOW + timedelta(minutes=n)
            kept(store, as_extract(whole, marks, full=full, first=first, removed=removed), now=moment)
            seen.append((moment, reading(store)))
        for moment, then in seen:
            again = reading(store, as_of=moment)
            assert again.marks.equals(then.marks)
            assert again.spans.equals(then.spans)
            assert again.schools.equals(then.schools)


@settings(max_examples=15, deadline=None)
@given(roll=ROLLS, more=ROLLS, marks=MARKS, changes=MARKS)
def test_a_full_extract_and_changes_are_one_full_extract(roll, more, marks, changes):
    both = {**(roll := roll | {"ann": ("F", date(2026, 9, 1), None)}), **more}
    together = {slot: code for slot, code in {**marks, **changes}.items() if code and slot[0] in both}
    with (
        TemporaryDirectory() as one,
        TemporaryDirectory() as two,
        opened(Path(one)) as left,
        opened(Path(two)) as right,
    ):
        kept(left, as_extract(roll, marks, full=True, first=DAYS[0], removed=()))
        kept(left, as_extract(more, {**marks, **changes}, full=False, first=DAYS[0], removed=()))
        kept(right, as_extract(both, together, full=True, first=DAYS[0], removed=()))
        assert reading(left).spans.equals(reading(right).spans)
        assert counted(left, both) == counted(right, both)


def counted(store, roll):
    """The marks that counting looks at: those of pupils on the roll on the day."""
    spans = [roll[key] for key in roll]
    rows = {row for row in rows_of(reading(store)) if row[3]}
    return {row for row in rows if spans[row[0]][1] <= row[1] <= (spans[row[0]][2] or FOREVER)}


@settings(max_examples=10, deadline=None)
@given(steps=STEPS)
def test_keeping_the_last_extract_once_more_changes_nothing(steps):
    with TemporaryDirectory() as folder, opened(Path(folder)) as store:
        for roll, marks, full, first, removed in steps:
            given_now = as_extract(
                roll or {"ann": ("F", date(2026, 9, 1), None)}, marks, full=full, first=first, removed=removed
            )
            kept(store, given_now)
            assert not kept(store, given_now).changed
