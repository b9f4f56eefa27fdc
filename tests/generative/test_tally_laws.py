"""Laws of the tally on random registers, and agreement with the plain second implementation in tests/lib/oracle.py."""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.lib import oracle
from tests.lib.small_registers import DAYS, URNS, joined, registers
from tests.lib.tallies import as_dict, counted, persistent

from tallyroll.tally import windows
from tallyroll.tally.algebra import EMPTY, TOTALS, Level, Tally, merge, merge_all, total
from tallyroll.tally.area_sums import areas_of
from tallyroll.tally.area_tables import area_daily
from tallyroll.tally.definitions import COMPULSORY_SCHOOL_AGE, Population
from tallyroll.vocab.characteristics import BY_NAME, ROLL_CHARACTERISTICS
from tallyroll.vocab.errors import VerificationProblem
from tallyroll.vocab.shapes import CELLS, ENROLMENTS, MARKS, SCHOOLS, SPANS, Register

quick = settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
many = settings(quick, max_examples=30)

ALL = tuple(BY_NAME)
_ROLL = [characteristic.name for characteristic in ROLL_CHARACTERISTICS]
CELL_KEYS = CELLS.names[:-1]
SHARE_KEYS = ENROLMENTS.names[:-3]
LEAVES = Population(COMPULSORY_SCHOOL_AGE.year_groups, DAYS[2], {URNS[1]: DAYS[3]})
AWAY = {urn: (DAYS[3] if urn == URNS[1] else DAYS[2], date(2027, 8, 31)) for urn in URNS}


def _tally(register: Register, revision: int = 1) -> Tally:
    return Tally(counted(register, "fsm", revision=revision).cells, persistent(register, "sen", revision=revision))


@st.composite
def tallies(draw: st.DrawFn) -> Tally:
    """The tally of a random register. One revision is one register: what differs has another revision."""
    revision = draw(st.integers(0, 3))
    return _tally(draw(st.shared(registers(), key=f"revision {revision}")), revision)


# The program against the oracle


@many
@given(registers())
def test_count_agrees_with_the_oracle(register: Register) -> None:
    tally = counted(register, *ALL, revision=7, population=LEAVES)
    assert as_dict(tally.cells, CELL_KEYS) == oracle.count(register, characteristics=ALL, revision=7, away=AWAY)


@many
@given(registers(), st.sampled_from(DAYS), st.sampled_from(DAYS))
def test_persistent_absence_agrees_with_the_oracle(register: Register, one: date, other: date) -> None:
    first, last = sorted((one, other))
    shares = persistent(register, *ALL, first=first, last=last, revision=7, population=LEAVES)
    expected = oracle.persistent(register, characteristics=ALL, first=first, last=last, revision=7, away=AWAY)
    assert as_dict(shares, SHARE_KEYS) == expected


@quick
@given(tallies(), tallies())
def test_merge_agrees_with_the_oracle(left: Tally, right: Tally) -> None:
    merged = merge(left, right)
    for part, keys in (("cells", CELL_KEYS), ("persistent", SHARE_KEYS)):
        mine, theirs = (as_dict(getattr(tally, part), keys) for tally in (left, right))
        assert as_dict(getattr(merged, part), keys) == oracle.merge(mine, theirs)


@quick
@given(registers(), registers())
def test_merge_refuses_what_the_oracle_refuses(one: Register, other: Register) -> None:
    left, right = counted(one, "fsm"), counted(other, "fsm")
    try:
        expected = oracle.merge(as_dict(left.cells, CELL_KEYS), as_dict(right.cells, CELL_KEYS))
    except ValueError:
        with pytest.raises(VerificationProblem):
            merge(left, right)
    else:
        assert as_dict(merge(left, right).cells, CELL_KEYS) == expected


@quick
@given(registers(), st.sampled_from(Level), st.booleans())
def test_total_agrees_with_the_oracle(register: Register, level: Level, all_phases: bool) -> None:
    tally = counted(register, "fsm", "sen")
    sums = total(tally, level=level, all_phases=all_phases)
    assert set(sums["level"].to_pylist()) <= {str(level)}
    expected = oracle.total(as_dict(tally.cells, CELL_KEYS), level=str(level), all_phases=all_phases)
    by_window = {
        (area, phase, f"{day} {('AM', 'PM')[session]}", *rest): n
        for (area, phase, day, session, *rest), n in expected.items()
    }
    assert as_dict(sums.drop_columns("level"), TOTALS.names[1:-1]) == by_window


@many
@given(registers(), st.sampled_from([Fraction(1, 3), Fraction(2, 3), Fraction(1), Fraction(0)]))
def test_area_tallies_agree_with_the_oracle(register: Register, open_share: Fraction) -> None:
    tally = counted(register)
    expected = oracle.area_daily(as_dict(tally.cells, CELL_KEYS), open_share=open_share)
    assert _areas(area_daily(areas_of(tally), open_share=open_share), expected) == expected


def _areas(rows: pa.Table, like: Mapping[Any, Mapping[str, int]]) -> dict[Any, dict[str, int]]:
    names = next(iter(like.values())) if like else []
    return {
        (
            row["geographic_level"],
            row["new_la_code"] or row["region_code"] or row["country_code"],
            row["education_phase"],
            row["attendance_date"],
        ): {name: row[name] for name in names}
        for row in rows.to_pylist()
    }


# Laws


@quick
@given(registers(urns=URNS[:2]), registers(urns=URNS[2:]))
def test_counting_two_rolls_together_is_counting_each_and_merging(one: Register, other: Register) -> None:
    assert _tally(joined(one, other)) == merge(_tally(one), _tally(other))


@quick
@given(tallies(), tallies(), tallies())
def test_merge_is_associative_commutative_and_idempotent(a: Tally, b: Tally, c: Tally) -> None:
    assert merge(merge(a, b), c) == merge(a, merge(b, c)) == merge_all([c, a, b])
    assert merge(a, b) == merge(b, a)
    assert merge(a, a) == a
    assert merge(merge(a, b), b) == merge(a, b)


@quick
@given(tallies())
def test_the_empty_tally_changes_nothing(tally: Tally) -> None:
    assert merge(tally, EMPTY) == tally == merge(EMPTY, tally)


@quick
@given(registers(urns=URNS[:2]), registers(urns=URNS[2:]), st.sampled_from(Level))
def test_the_total_of_a_merge_is_the_sum_of_totals(one: Register, other: Register, level: Level) -> None:
    left, right = counted(one, "fsm"), counted(other, "fsm")
    summed: dict[Any, int] = {}
    for tally in (left, right):
        for key, n in as_dict(total(tally, level=level), TOTALS.names[:-1]).items():
            summed[key] = summed.get(key, 0) + n
    assert as_dict(total(merge(left, right), level=level), TOTALS.names[:-1]) == summed


@quick
@given(registers())
def test_wider_windows_hold_the_sum_of_narrower_ones(register: Register) -> None:
    tally = counted(register, "sex")
    sums = [
        pc.sum(total(tally, level=Level.NATIONAL, window=window)["n"]).as_py()
        for window in (windows.session, windows.day, windows.week)
    ]
    assert sums == [pc.sum(tally.cells["n"]).as_py()] * 3


@quick
@given(registers())
def test_every_breakdown_adds_up_to_all(register: Register) -> None:
    tally = counted(register, *ALL)
    keys = ["contributor", "date", "session", "code"]
    for name in ALL:
        of_name = tally.cells.filter(pc.equal(tally.cells["characteristic"], name))
        of_all = tally.cells.filter(pc.equal(tally.cells["characteristic"], "all"))
        sums = of_name.group_by(keys).aggregate([("n", "sum")])
        assert as_dict(sums, keys) == as_dict(of_all.select([*keys, "n"]), keys)


def test_telltale_each_pupil_in_a_cell_of_its_own_is_found_in_it() -> None:
    """A register in which no two marks share a cell: any mark lost, doubled or moved shows."""
    pupils = [(urn, 1 + 2 * place, place) for place, urn in enumerate(URNS)]
    spans = [
        {"urn": urn, "pupil": pupil, "first": DAYS[0], "last": DAYS[-1], **dict.fromkeys(_ROLL, 0), "sen": place}
        for urn, pupil, place in pupils
    ]
    marks = [
        {"urn": urn, "pupil": pupil, "date": day, "session": session, "code": 1 + 8 * place + 2 * d + session}
        for urn, pupil, place in pupils
        for d, day in enumerate(DAYS)
        for session in (0, 1)
    ]
    schools = [{"urn": urn, "la": "302", "phase": "Primary"} for urn in URNS]
    tables = zip((schools, spans, marks), (SCHOOLS, SPANS, MARKS), strict=True)
    register = Register(*(pa.Table.from_pylist(rows, schema=shape) for rows, shape in tables))
    cells = counted(register, "sen").cells
    sen = cells.filter(pc.equal(cells["characteristic"], "sen"))
    columns = ("contributor", "date", "session", "value", "code", "n")
    found = {tuple(row[name] for name in columns) for row in sen.to_pylist()}
    assert found == {
        (mark["urn"], mark["date"], mark["session"], URNS.index(mark["urn"]), mark["code"], 1) for mark in marks
    }
    assert len(found) == sen.num_rows == len(marks)
