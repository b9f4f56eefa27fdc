"""A synthetic England of two regions, a whole year with dated attributes: both ways to figures end in the same."""

from datetime import UTC, date, datetime
from pathlib import Path

from tests.lib.assessed import shared_gate
from tests.lib.builders import manifest_text

from tallyroll import register, simulate, tally
from tallyroll.engines import open_engine
from tallyroll.engines.kernel import KernelEngine
from tallyroll.flows import counting, storing
from tallyroll.flows.node import Node, permit_for
from tallyroll.governance import Door
from tallyroll.tally.area_tables import area_breakdown, area_daily, area_persistent
from tallyroll.vocab.calendars import Calendars
from tallyroll.vocab.clock import FixedClock
from tallyroll.vocab.places import BY_OLD_CODE
from tallyroll.vocab.schools import SchoolCalendar

FIRST, LAST = date(2025, 9, 1), date(2026, 7, 24)
AFTERWARDS = datetime(2026, 9, 2, 9, tzinfo=UTC)
BY = ("year_group", "fsm", "sen")
AUTHORITIES = ("390", "840", "301")  # two in the North East, one in London


def test_a_year_counted_from_the_scan_side_is_the_year_of_the_tally_cell_for_cell(tmp_path: Path) -> None:
    england = simulate.england(scale=0.02, seed=5, out=tmp_path / "england", authorities=AUTHORITIES, year=2025)
    of = {la: [one for one in england.schools if one.laestab.la == la] for la in AUTHORITIES}
    schools = [one for found in of.values() for one in found[:1]]
    assert len({BY_OLD_CODE[one.laestab.la].region for one in schools}) == 2
    text = manifest_text(characteristics=BY).replace("window_days = 300", "window_days = 366")
    gate = shared_gate(text, clock=FixedClock(AFTERWARDS), told=[one.urn for one in schools])
    calendars = {str(one.urn): england.school_year(one.urn).calendar for one in schools}
    node = Node(
        gate,
        "attendance-statistics",
        register.RegisterStore(tmp_path / "register.sqlite"),
        Calendars(SchoolCalendar(()), {}, calendars),
    )
    pull = permit_for(node, Door.PULL, schools, first=FIRST, last=LAST)
    with node.store as store:
        for one in schools:
            year = england.school_year(one.urn)
            given = simulate.extract_of(year, items=pull.request.items, first=FIRST, last=LAST, taken_at=_evening(LAST))
            screened = register.screen(pull, given, calendar=year.calendar, now=AFTERWARDS)
            register.keep(pull, store, screened, now=AFTERWARDS)
        storing.compact(node)
        with open_engine("kernel") as engine:
            counted = counting.count(node, engine, first=FIRST, last=LAST, characteristics=BY)
        straight = counting.count_areas(node, KernelEngine(), first=FIRST, last=LAST, characteristics=BY)
    added = tally.areas_of(counted)
    assert area_daily(straight).num_rows > 500
    assert added.digest == straight.digest
    assert area_daily(added).equals(area_daily(straight))
    for name in ("all", *BY):
        assert area_breakdown(added, name).equals(area_breakdown(straight, name))
        assert area_persistent(added, name).equals(area_persistent(straight, name))


def _evening(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 18, tzinfo=UTC)
