"""A rota is the same wherever it is kept: the same claims about the file of one machine and about PostgreSQL."""

import random
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, timedelta

import pytest
from tests.lib.rotas import (
    A1,
    A2,
    B1,
    FIRST,
    HOMES,
    LIMITS,
    SECOND,
    SOURCE,
    at,
    claim,
    enrolled,
    line,
    numbers,
    opened,
    planned,
)

from tallyroll.connectors.interface import SchoolState
from tallyroll.flows.rota.interface import Claim, Collector, Pull, Rota, Turn

MONDAY = date(2026, 11, 16)
WHO = (A1, A2, B1, Collector("store C", "C one"))


@pytest.fixture(params=HOMES)
def rota(request, tmp_path) -> Iterator[Rota]:
    with opened(request.param, tmp_path) as made:
        yield made


# Claiming


def test_turns_are_given_in_the_order_in_which_they_fall_due_and_none_before(rota):
    enrolled(rota, 100003, 100001, 100002)
    assert numbers(claim(rota, A1, 1, most=1)) == [100003]
    assert numbers(claim(rota, A1, 1)) == [100001]
    assert claim(rota, A1, 1.9) == ()
    (last,) = claim(rota, B1, 2)
    assert (last.urn.number, last.number, last.tries, last.anew) == (100002, 1, 1, False)
    assert (last.round_id, last.until) == ("wonde 2026-11-20 1", at(7))
    assert last.source == planned(100002).source


def test_of_one_moment_the_lesser_urn_comes_first(rota):
    rota.enrol(SOURCE, [planned(urn) for urn in (100003, 100001, 100002)], pull=FIRST, now=at(0))
    assert numbers(claim(rota, A1, 0)) == [100001, 100002, 100003]


def test_a_claim_holds_until_its_lease_runs_out_and_not_longer(rota):
    enrolled(rota, 100001)
    (first,) = claim(rota, A1, 0)
    assert claim(rota, A2, 4.9) == ()
    (second,) = claim(rota, A2, 5)
    assert (second.number, second.tries, second.anew) == (2, 2, False)
    assert rota.done(SOURCE, first, latest_week=None, now=at(6)) is False
    assert rota.failed(SOURCE, first, reason="late", retry_at=None, now=at(6)) is False
    rota.released(SOURCE, [first])
    assert line(rota, 100001, 6).holder == "A two"
    assert rota.done(SOURCE, second, latest_week=MONDAY, now=at(6)) is True
    assert line(rota, 100001, 6).latest_week == MONDAY


def test_a_claim_that_ran_out_still_counts_while_nobody_else_has_the_school(rota):
    enrolled(rota, 100001)
    (held,) = claim(rota, A1, 0)
    assert line(rota, 100001, 6).turn is Turn.WAITING
    assert rota.done(SOURCE, held, latest_week=None, now=at(6)) is True
    assert line(rota, 100001, 6).turn is Turn.KEPT


def test_a_beat_renews_what_has_not_run_out_and_revives_nothing(rota):
    enrolled(rota, 100001)
    claim(rota, A1, 0)
    rota.beat(A1, limits=LIMITS, now=at(4))
    assert claim(rota, A2, 8.9) == ()
    rota.beat(A1, limits=LIMITS, now=at(9))
    assert numbers(claim(rota, A2, 9)) == [100001]


def test_nobody_is_given_a_turn_of_a_pull_that_is_closed_or_not_the_last_enrolled(rota):
    enrolled(rota, 100001)
    assert claim(rota, A1, 7 * 60) == ()
    assert claim(rota, A1, 0, pull=SECOND) == ()
    assert rota.next_due(SOURCE, SECOND, A1, limits=LIMITS, now=at(0, pull=SECOND)) is None
    assert numbers(claim(rota, A1, 7 * 60 - 1)) == [100001]


def test_no_more_are_claimed_at_once_than_the_limit_whoever_claims(rota):
    enrolled(rota, 100001, 100002, 100003)
    two = replace(LIMITS, at_once=2)
    assert numbers(claim(rota, A1, 3, limits=two)) == [100001, 100002]
    assert claim(rota, B1, 3, limits=two) == ()
    assert numbers(claim(rota, B1, 8, limits=two)) == [100003]  # nobody beat: the others' room is free again


def test_no_more_are_handed_out_a_second_than_the_limit_after_a_burst(rota):
    rota.enrol(SOURCE, [planned(100000 + n) for n in range(100)], pull=FIRST, now=at(0))
    slow = replace(LIMITS, per_second=2.0)
    assert len(claim(rota, A1, 0, most=90, limits=slow)) == 20  # ten seconds' worth
    assert claim(rota, B1, 0, most=90, limits=slow) == ()
    assert len(claim(rota, B1, 0.1, most=90, limits=slow)) == 12  # six seconds later


# How a turn ends


def test_a_school_that_failed_waits_for_its_next_try_and_a_kept_one_forgets_that_it_failed(rota):
    enrolled(rota, 100001)
    (first,) = claim(rota, A1, 0)
    assert rota.failed(SOURCE, first, reason="No answer.", retry_at=at(4), now=at(1)) is True
    (second,) = (*claim(rota, B1, 3.9), *claim(rota, B1, 4))  # never kept: its home let go of it
    assert (second.tries, second.number) == (2, 2)
    rota.failed(SOURCE, second, reason="Still none.", retry_at=at(8), now=at(5))
    told = line(rota, 100001, 5)
    assert (told.turn, told.due, told.tries, told.home) == (Turn.WAITING, at(8), 2, "")
    assert (told.failures, told.failing_since, told.reason) == (2, at(1), "Still none.")
    (third,) = claim(rota, A1, 8)
    assert rota.done(SOURCE, third, latest_week=MONDAY, now=at(9)) is True
    told = line(rota, 100001, 9)
    assert (told.turn, told.kept_at, told.home, told.holder) == (Turn.KEPT, at(9), "store A", "")
    assert (told.failures, told.failing_since, told.reason, told.latest_week) == (0, None, "", MONDAY)


def test_a_school_given_up_waits_for_the_next_pull_in_which_it_starts_afresh(rota):
    enrolled(rota, 100001)
    (first,) = claim(rota, A1, 0)
    rota.failed(SOURCE, first, reason="No answer.", retry_at=None, now=at(1))
    assert line(rota, 100001, 1).turn is Turn.GIVEN_UP
    assert claim(rota, A1, 60) == ()
    enrolled(rota, 100001, pull=SECOND)
    told = line(rota, 100001, pull=SECOND)
    assert (told.turn, told.tries, told.missed, told.failures) == (Turn.WAITING, 0, 1, 1)
    (second,) = claim(rota, A1, 0, pull=SECOND)
    assert (second.tries, second.number, second.round_id) == (1, 2, "wonde 2026-11-20 2")
    rota.done(SOURCE, second, latest_week=None, now=at(1, pull=SECOND))
    assert line(rota, 100001, 1, pull=SECOND).missed == 0


def test_a_released_claim_was_never_made(rota):
    enrolled(rota, 100001, 100002)
    before = line(rota, 100001, 1)
    held = claim(rota, A1, 1)
    rota.released(SOURCE, held)
    assert line(rota, 100001, 1) == before
    assert [(one.tries, one.number) for one in claim(rota, B1, 1)] == [(1, 2), (1, 2)]
    rota.released(SOURCE, held)  # no longer theirs
    assert line(rota, 100001, 1).holder == "B one"
    rota.released(SOURCE, [])


def test_a_claim_of_the_pull_before_says_nothing_in_the_next(rota):
    enrolled(rota, 100001)
    (old,) = claim(rota, A1, 7 * 60 - 1)
    enrolled(rota, 100001, pull=SECOND)
    assert rota.done(SOURCE, old, latest_week=None, now=at(0, pull=SECOND)) is False
    assert line(rota, 100001, pull=SECOND).turn is Turn.WAITING


# Where a school is at home


def kept_by(rota: Rota, who: Collector, urn: int = 100001) -> None:
    enrolled(rota, urn)
    rota.done(SOURCE, claim(rota, who, 0)[0], latest_week=None, now=at(1))
    enrolled(rota, urn, pull=SECOND)


def test_a_school_stays_with_the_store_that_kept_it_while_anybody_there_is_seen(rota):
    kept_by(rota, A1)
    rota.beat(A2, limits=LIMITS, now=at(0, pull=SECOND))
    assert claim(rota, B1, 30, pull=SECOND) == ()
    (held,) = claim(rota, A2, 30, pull=SECOND)
    assert held.anew is False


def test_another_store_takes_a_school_over_once_its_home_is_silent_and_reads_it_anew(rota):
    kept_by(rota, A1)
    rota.beat(A2, limits=LIMITS, now=at(0, pull=SECOND))
    (held,) = claim(rota, B1, 30.1, pull=SECOND)
    assert (held.anew, line(rota, 100001, 31, pull=SECOND).home) == (True, "store B")
    rota.done(SOURCE, held, latest_week=None, now=at(32, pull=SECOND))
    third = Pull(FIRST.day, 3, SECOND.closes, SECOND.closes + timedelta(hours=2))
    enrolled(rota, 100001, pull=third)
    rota.beat(B1, limits=LIMITS, now=at(0, pull=third))
    assert claim(rota, A1, 30, pull=third) == ()  # it is at home with B now
    (back,) = claim(rota, A1, 30.1, pull=third)
    assert back.anew is True  # A has rows of it, but older ones than B had


def test_a_store_that_took_over_and_failed_lets_go_and_the_old_home_reads_anew_too(rota):
    kept_by(rota, A1)
    (held,) = claim(rota, B1, 31, pull=SECOND)
    rota.failed(SOURCE, held, reason="No answer.", retry_at=at(35, pull=SECOND), now=at(32, pull=SECOND))
    (again,) = claim(rota, A1, 35, pull=SECOND)
    assert (again.anew, again.tries) == (True, 2)


def test_a_school_that_failed_stays_with_the_store_that_kept_it_before(rota):
    kept_by(rota, A1)
    (held,) = claim(rota, A1, 0, pull=SECOND)
    rota.failed(SOURCE, held, reason="No answer.", retry_at=at(4, pull=SECOND), now=at(1, pull=SECOND))
    assert line(rota, 100001, 1, pull=SECOND).home == "store A"
    assert claim(rota, B1, 10, pull=SECOND) == ()


# Enrolling


def test_the_list_of_the_same_pull_again_changes_no_turn_and_renews_what_the_source_says(rota):
    enrolled(rota, 100001, 100002)
    claim(rota, A1, 0)
    before = line(rota, 100001, 1), line(rota, 100002, 1)
    other = [replace(one, source=replace(one.source, system="Arbor")) for one in (planned(100001, due=9),)]
    rota.enrol(SOURCE, [*other, planned(100002, due=8)], pull=FIRST, now=at(1))
    told = line(rota, 100001, 1)
    assert (told.source.system, replace(told, source=before[0].source)) == ("Arbor", before[0])
    assert line(rota, 100002, 1) == before[1]
    assert (rota.listing(SOURCE).pull, rota.listing(SOURCE).at) == (FIRST, at(1))


def test_only_schools_that_are_listed_approved_and_not_barred_have_a_turn(rota):
    listed = [
        planned(100001, state=SchoolState.REVOKED),
        planned(100002, barred="No calendar."),
        planned(100003),
        planned(100004),
    ]
    rota.enrol(SOURCE, listed, pull=FIRST, now=at(0))
    assert numbers(claim(rota, A1, 0, most=1)) == [100003]
    kept = [planned(100001), planned(100002, barred="No calendar.")]
    rota.enrol(SOURCE, kept, pull=FIRST, now=at(1))
    told = {one.urn.number: (one.turn, one.listed, one.barred, one.missed) for one in rota.lines(SOURCE, now=at(1))}
    assert told == {
        100001: (Turn.WAITING, True, "", 0),
        100002: (Turn.NONE, True, "No calendar.", 0),
        100003: (Turn.NONE, False, "", 0),
        100004: (Turn.NONE, False, "", 0),
    }


def test_a_school_that_was_kept_stays_kept_when_it_leaves_the_list(rota):
    enrolled(rota, 100001)
    rota.done(SOURCE, claim(rota, A1, 0)[0], latest_week=None, now=at(1))
    rota.enrol(SOURCE, [], pull=FIRST, now=at(2))
    assert (line(rota, 100001, 2).turn, line(rota, 100001, 2).listed) == (Turn.KEPT, False)


def test_nothing_of_a_list_for_an_earlier_pull_is_believed(rota):
    enrolled(rota, 100001, pull=SECOND)
    before = rota.lines(SOURCE, now=at(0, pull=SECOND))
    enrolled(rota, 100002)
    assert rota.lines(SOURCE, now=at(0, pull=SECOND)) == before
    assert rota.listing(SOURCE).pull == SECOND


def test_sources_know_nothing_of_each_other(rota):
    enrolled(rota, 100001)
    rota.enrol("csv", [planned(100001)], pull=FIRST, now=at(0))
    claim(rota, A1, 0)
    assert rota.listing("ctf") is None
    assert [one.turn for one in rota.lines("csv", now=at(0))] == [Turn.WAITING]
    assert rota.lines("ctf", now=at(0)) == ()


# When to come back


def test_who_comes_back_at_the_next_moment_finds_a_turn_and_not_before(rota):
    kept_by(rota, A1)
    rota.enrol(SOURCE, [planned(100001, due=3, pull=SECOND)], pull=SECOND, now=at(0, pull=SECOND))
    next_of = [rota.next_due(SOURCE, SECOND, who, limits=LIMITS, now=at(0, pull=SECOND)) for who in (A1, B1)]
    assert next_of == [at(0, pull=SECOND), at(0, pull=SECOND)]  # its first moment stands; its home is long silent
    claim(rota, A1, 1, pull=SECOND)
    held = [rota.next_due(SOURCE, SECOND, who, limits=LIMITS, now=at(2, pull=SECOND)) for who in (A1, B1)]
    assert held == [at(6, pull=SECOND), at(31, pull=SECOND) + timedelta(microseconds=1)]
    assert claim(rota, B1, 31, pull=SECOND) == ()
    assert rota.claim(SOURCE, SECOND, B1, at_most=1, limits=LIMITS, now=held[1])


def test_where_no_turn_is_left_there_is_no_next_moment(rota):
    enrolled(rota, 100001)
    rota.done(SOURCE, claim(rota, A1, 0)[0], latest_week=None, now=at(1))
    assert rota.next_due(SOURCE, FIRST, A1, limits=LIMITS, now=at(1)) is None
    assert rota.next_due("ctf", FIRST, A1, limits=LIMITS, now=at(1)) is None


# Both at once


class Both:
    """Every call to both homes; they must answer alike."""

    def __init__(self, *rotas: Rota) -> None:
        self.rotas = rotas

    def __getattr__(self, name: str):
        def called(*given: object, **named: object) -> object:
            one, other = (getattr(rota, name)(*given, **named) for rota in self.rotas)
            assert one == other, name
            return one

        return called


def test_three_hundred_calls_at_random_are_answered_alike_and_leave_the_same(tmp_path):
    drawn = random.Random(20261120)
    urns = range(100001, 100013)
    with ExitStack() as stack:
        both = Both(*(stack.enter_context(opened(home, tmp_path)) for home in HOMES))
        pull, now, held = FIRST, at(0), list[Claim]()
        for _ in range(300):
            now += timedelta(seconds=drawn.choice((0, 1, 20, 61, 800)))
            if now >= pull.closes:
                pull = Pull(pull.day, pull.number + 1, pull.closes, pull.closes + timedelta(hours=3))
            step(drawn, both, pull, now, held, urns)
            both.lines(SOURCE, now=now)
            both.next_due(SOURCE, pull, drawn.choice(WHO), limits=LIMITS, now=now)
    assert pull.number > 2


def step(drawn, both, pull, now, held, urns) -> None:
    """One call at random."""
    listing = both.listing(SOURCE)
    ours = drawn.choice(held) if held else None
    roll = drawn.random() if listing and listing.pull == pull else 0
    if roll < 0.08:
        listed = [
            planned(
                urn,
                due=drawn.randrange(100),
                pull=pull,
                state=drawn.choice([SchoolState.APPROVED] * 7 + [SchoolState.REVOKED]),
                barred=drawn.choice([""] * 7 + ["No calendar."]),
            )
            for urn in urns
            if drawn.random() < 0.9
        ]
        both.enrol(SOURCE, listed, pull=drawn.choice([pull] * 5 + [FIRST]), now=now)
    elif roll < 0.4:
        limits = replace(LIMITS, at_once=drawn.choice((4, 9)), per_second=drawn.choice((0, 0.05)))
        held += both.claim(SOURCE, pull, drawn.choice(WHO), at_most=3, limits=limits, now=now)
    elif roll < 0.5:
        both.beat(drawn.choice(WHO), limits=LIMITS, now=now)
    elif ours and roll < 0.75:
        both.done(SOURCE, ours, latest_week=drawn.choice((None, MONDAY)), now=now)
    elif ours and roll < 0.9:
        again = drawn.choice((None, now + timedelta(minutes=4)))
        both.failed(SOURCE, ours, reason=f"reason {roll:.3f}", retry_at=again, now=now)
    elif ours:
        both.released(SOURCE, drawn.sample(held, min(3, len(held))))
