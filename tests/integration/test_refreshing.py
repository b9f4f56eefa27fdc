"""Following a real store: what is published is always what counting anew gives, and the log says so by night."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from tests.lib.builders import NOW, a_gate, permit, school
from tests.lib.gates import a_gate as suspendable_gate
from tests.lib.gates import suspend
from tests.lib.registers import CALENDAR, extract

from tallyroll import register, tally
from tallyroll.engines import open_engine
from tallyroll.engines.kernel import KernelEngine
from tallyroll.flows import counting, storing
from tallyroll.flows.node import Node
from tallyroll.flows.refreshing import Looked, Refresher
from tallyroll.tally.area_tables import area_breakdown, area_daily, area_persistent
from tallyroll.tally.areas import Areas
from tallyroll.vocab.calendars import Calendars
from tallyroll.vocab.clock import FixedClock
from tallyroll.vocab.errors import Refused, VerificationProblem
from tallyroll.vocab.places import COUNTRY_CODE
from tallyroll.vocab.schools import Phase

FIRST, LAST = date(2026, 11, 9), date(2026, 11, 20)
WEEKS = [date(2026, 11, 9), date(2026, 11, 16)]
PUPILS = ("ann", "ben", "cy")
MORNING = "AM", "/"
AFTERNOON = "PM", "\\"


def keep(
    store: register.RegisterStore,
    urn: int,
    *,
    la: str = "302",
    ill: str = "",
    pupils=PUPILS,
    week=WEEKS[0],
    phase=Phase.PRIMARY,
):
    """A week of one school in the store: everybody present but one, who is ill."""
    days = [week + timedelta(days=n) for n in range(5) if week + timedelta(days=n) not in CALENDAR.closed]
    marks = [
        (pupil, str(day), session, "I" if pupil == ill else code)
        for day in days
        for session, code in (MORNING, AFTERNOON)
        for pupil in pupils
        if CALENDAR.is_open(day) and not (day.weekday() == 2 and session == "PM")
    ]
    given = extract(
        of=school(urn, la=la, phase=phase),
        roll=[(pupil, None, "F", "2026-09-01") for pupil in pupils],
        status=[(pupil, "fsm", "Y" if pupil == "ann" else "N", None, None) for pupil in pupils],
        marks=marks,
        first=week,
        last=week + timedelta(days=4),
    )
    pull = permit(schools=[school(urn).urn])
    register.keep(pull, store, register.screen(pull, given, calendar=CALENDAR, now=NOW), now=NOW)


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    """A node with four schools in three authorities, two weeks each, its scan side made."""
    gate = a_gate(characteristics=("fsm",), clock=FixedClock(NOW))
    with register.RegisterStore(tmp_path / "registers.db") as store:
        held = Node(gate, "attendance-statistics", store, Calendars(CALENDAR, {}, {}))
        for urn, la in ((100001, "302"), (100002, "302"), (100003, "301"), (100004, "351")):
            for week in WEEKS:
                keep(store, urn, la=la, week=week)
        storing.compact(held)
        yield held


def assert_as_counted(live: Areas, node: Node) -> None:
    """What is laid out from these areas is what is laid out from a tally of every school, cell for cell."""
    with open_engine("duckdb", threads=1) as engine:
        counted = tally.areas_of(counting.count(node, engine, first=FIRST, last=LAST, characteristics=["fsm"]))
    assert area_daily(live).equals(area_daily(counted))
    for name in ("all", "fsm"):
        assert area_breakdown(live, name).equals(area_breakdown(counted, name))
        assert area_persistent(live, name).equals(area_persistent(counted, name))
    assert live.authorities == counted.authorities


def test_the_scan_side_gives_the_areas_of_the_tally(node):
    made = counting.count_areas(node, KernelEngine(), first=FIRST, last=LAST, characteristics=["fsm"])
    assert_as_counted(made, node)


def test_a_correction_reaches_every_figure(node):
    followed = Refresher(node, first=FIRST, last=LAST)
    assert_as_counted(followed.live.areas, node)
    before = followed.live.sums(COUNTRY_CODE).enrolments[0, 0].tolist()
    keep(node.store, 100004, la="351", ill="ben")
    assert followed.look() == Looked(schools=1, anew=0, weeks=1)
    assert_as_counted(followed.live.areas, node)
    assert before == [12, 0, 0]
    assert followed.live.sums(COUNTRY_CODE).enrolments[0, 0].tolist() == [12, 1, 0]  # 7 of 16 sessions missed
    assert followed.look() == Looked(schools=0, anew=0, weeks=0)


def test_a_new_pupil_a_new_school_and_a_school_that_moved_are_followed(node):
    followed = Refresher(node, first=FIRST, last=LAST)
    keep(node.store, 100001, pupils=(*PUPILS, "dee"), week=WEEKS[1])
    keep(node.store, 100005, la="840", ill="cy")
    keep(node.store, 100003, la="351", week=WEEKS[1])
    assert followed.look() == Looked(schools=3, anew=3, weeks=5)
    assert_as_counted(followed.live.areas, node)
    assert "301" not in followed.live.areas.authorities


def test_what_was_kept_after_the_last_compaction_is_counted_at_the_start(node):
    keep(node.store, 100002, ill="cy", week=WEEKS[1])
    assert_as_counted(Refresher(node, first=FIRST, last=LAST).live.areas, node)


def test_a_school_that_another_collector_keeps_by_now_is_counted_nowhere_here(node):
    keep(node.store, 100001, ill="ben")
    gone = replace(node, elsewhere=frozenset({school(100001).urn, school(100004).urn}))
    made = counting.count_areas(gone, KernelEngine(), first=FIRST, last=LAST, characteristics=["fsm"])
    followed = Refresher(gone, first=FIRST, last=LAST)
    keep(node.store, 100001, ill="cy", week=WEEKS[1])
    assert followed.look() == Looked(schools=0, anew=0, weeks=0)
    for areas in (made, followed.live.areas):
        assert areas.contributors.keys() == {school(100002).urn, school(100003).urn}
        assert_as_counted(areas, gone)


def test_a_phase_that_was_another_for_a_while_does_not_stay_in_the_count(node):
    keep(node.store, 100002, phase=Phase.SECONDARY, week=WEEKS[1])
    storing.compact(node)
    keep(node.store, 100002, ill="cy")
    assert_as_counted(Refresher(node, first=FIRST, last=LAST).live.areas, node)


def test_a_recount_says_in_the_log_that_it_is_equal(node):
    followed = Refresher(node, first=FIRST, last=LAST)
    keep(node.store, 100001, ill="ann")
    made = followed.recount()
    assert made.equal
    entry = node.gate.own.refresh()[-1]
    assert entry.event == "recounted"
    assert (entry.facts["equal"], entry.facts["digest"], entry.facts["schools"]) == (True, made.digest, 4)
    assert made.digest == followed.live.areas.digest
    assert_as_counted(followed.live.areas, node)


def test_a_recount_that_differs_says_where_and_wins(node):
    followed = Refresher(node, first=FIRST, last=LAST)
    followed.live.areas.authorities["351"].cells[0, 0, 0, 0, 1] += 1  # as a bug would
    made = followed.recount()
    assert made.differs == ("351",)
    assert node.gate.own.refresh()[-1].facts["equal"] is False
    assert_as_counted(followed.live.areas, node)
    assert followed.recount().equal


def test_a_suspension_stops_it_though_nothing_comes(node, tmp_path):
    gate = suspendable_gate(tmp_path / "house", clock=FixedClock(NOW))
    followed = Refresher(replace(node, gate=gate), first=FIRST, last=LAST)
    suspend(gate)
    with pytest.raises(Refused) as refusal:
        followed.look()
    assert refusal.value.clause == "suspended"


def test_a_store_that_was_put_back_is_refused(node, tmp_path):
    followed = Refresher(node, first=FIRST, last=LAST)
    with node.store.writing() as sql:
        sql.execute("UPDATE school SET revision = 0 WHERE urn = 100001")
    with pytest.raises(VerificationProblem, match="put back"):
        followed.look()
