"""Whatever is kept, compacted and forgotten in whatever order: a scan equals a reading of the write side."""

from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.lib.builders import NOW, permit, school
from tests.lib.registers import extract, opened
from tests.lib.scans import read_directly, scanned
from tests.lib.two_years import CALENDAR

from tallyroll.governance import Door
from tallyroll.governance.manifest.words import Store
from tallyroll.register import due, forget, keep, known, screen
from tallyroll.register.scan import ScanSide, compact, scan, verify
from tallyroll.vocab.durations import Duration
from tallyroll.vocab.errors import InputProblem, UsageProblem
from tallyroll.vocab.identifiers import Urn

DAYS = [
    date(2026, 7, 10),
    date(2026, 8, 31),
    date(2026, 9, 1),
    date(2026, 9, 28),
    date(2026, 10, 1),
    date(2026, 11, 16),
]
WHOLE = {"first": DAYS[0], "last": DAYS[-1]}
URNS = (100001, 100002, 100003)
PULL, COUNT = (permit(door, schools=map(Urn, URNS), first=date(2026, 6, 1)) for door in (Door.PULL, Door.COUNT))
KEYS = ["ann", "bob", "cat"]

KEEP = st.tuples(
    st.just("keep"),
    st.sampled_from(URNS),
    st.sampled_from(["201", "202"]),
    st.booleans(),
    st.sampled_from(DAYS[:4]),
    st.dictionaries(
        st.sampled_from(KEYS),
        st.tuples(st.sampled_from([date(2025, 9, 1), DAYS[2]]), st.sampled_from([None, DAYS[0], DAYS[4]])),
        max_size=3,
    ),
    st.dictionaries(
        st.tuples(st.sampled_from(KEYS), st.sampled_from(DAYS), st.sampled_from(["AM", "PM"])),
        st.sampled_from(["/", "\\", "I", "L"]),
        max_size=6,
    ),
)
COMPACT = st.tuples(st.just("compact"), st.sampled_from([(), ("201",), ("202",)]))
FORGET = st.tuples(st.just("forget"), st.sampled_from([date(2032, 7, 12), date(2032, 9, 1), date(2032, 9, 30)]))
STEPS = st.lists(KEEP | KEEP | KEEP | COMPACT | COMPACT | FORGET, min_size=2, max_size=8)
WINDOWS = st.tuples(st.sampled_from(DAYS), st.sampled_from(DAYS)).map(sorted)


def take(store, step):
    """One step of a store's life."""
    match step:
        case ("keep", urn, la, full, first, roll, marks):
            whole = roll or {"ann": (DAYS[2], None)}  # an empty full extract is another matter
            given_now = extract(
                of=school(urn, la=la),
                roll=[(key, None, "F", str(start), end and str(end)) for key, (start, end) in whole.items()],
                marks=[(key, str(day), session, code) for (key, day, session), code in marks.items()],
                full=full,
                first=first,
                last=DAYS[-1],
            )
            before = None if full else known(PULL, store, school=Urn(urn), now=NOW)
            with suppress(InputProblem):  # nobody of it is on the roll: nothing of it is kept
                keep(PULL, store, screen(PULL, given_now, calendar=CALENDAR, now=NOW, known=before), now=NOW)
        case ("compact", authorities):
            compact(COUNT, store, now=NOW, authorities=authorities)
        case ("forget", as_of):
            gone = due(store, of=Store.REGISTERS, retention=Duration.parse("P6Y"), as_of=as_of)
            forget(store, gone, of=Store.REGISTERS, now=NOW + timedelta(days=3000))


@settings(max_examples=25, deadline=None)
@given(steps=STEPS, window=WINDOWS)
def test_a_scan_equals_a_reading_of_the_write_side_whatever_came_before(steps, window):
    with TemporaryDirectory() as folder, opened(Path(folder)) as store:
        for step in steps:
            take(store, step)
        compact(COUNT, store, now=NOW)
        for days in ({"first": window[0], "last": window[1]}, WHOLE):
            schools, spans, marks = scanned(COUNT, store, **days)
            there = {row[0] for row in schools}  # whose roll or weeks lie in the academic years of the days
            kept_schools, kept_spans, kept_marks = read_directly(COUNT, store, urns=URNS, **days)
            assert marks == kept_marks
            assert schools == [row for row in kept_schools if row[0] in there]
            assert spans == [row for row in kept_spans if row[0] in there]
        verify(COUNT, store, now=NOW)
        assert compact(COUNT, store, now=NOW).files == 0


@settings(max_examples=8, deadline=None)
@given(before=STEPS, after=st.lists(KEEP, min_size=1, max_size=3))
def test_until_it_is_compacted_again_the_scan_side_stays_as_it_was(before, after):
    with TemporaryDirectory() as folder, opened(Path(folder)) as store:
        for step in before:
            take(store, step)
        compact(COUNT, store, now=NOW)
        then = scanned(COUNT, store, **WHOLE)
        for step in after:
            take(store, step)
        assert scanned(COUNT, store, **WHOLE) == then


@settings(max_examples=8, deadline=None)
@given(before=st.lists(KEEP, min_size=1, max_size=4), as_of=FORGET)
def test_what_is_forgotten_cannot_be_scanned_before_it_is_compacted_again(before, as_of):
    with TemporaryDirectory() as folder, opened(Path(folder)) as store:
        for step in before:
            take(store, step)
        compact(COUNT, store, now=NOW)
        gone = due(store, of=Store.REGISTERS, retention=Duration.parse("P6Y"), as_of=as_of[1])
        take(store, as_of)
        if any(one.rows.get("scan") for one in gone):
            with pytest.raises(UsageProblem, match="not made again"):
                scan(COUNT, ScanSide.of(store), authorities=(), **WHOLE, now=NOW)
        else:
            scanned(COUNT, store, **WHOLE)
