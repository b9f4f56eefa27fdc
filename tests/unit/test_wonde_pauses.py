"""How long the connector waits before it asks again."""

from random import Random

import pytest

from tallyroll.connectors.wonde.client import Again, pause_s


def busy(after_s):
    return Again("Busy.", where="here", after_s=after_s)


@pytest.mark.parametrize(("attempt", "longest"), [(1, 0.5), (2, 1.0), (3, 2.0), (4, 4.0), (12, 60.0)])
def test_pause_doubles_up_to_a_minute_and_loses_at_most_half(attempt, longest):
    pauses = [pause_s(attempt, busy(None), first_s=0.5, jitter=Random(seed)) for seed in range(200)]
    assert longest / 2 <= min(pauses) < max(pauses) <= longest


def test_service_says_how_long_but_not_for_ever():
    assert pause_s(1, busy(7), first_s=0.5, jitter=Random(1)) == 7
    assert pause_s(1, busy(86_400), first_s=0.5, jitter=Random(1)) == 60


def test_same_seed_waits_the_same_time():
    assert pause_s(3, None, first_s=1, jitter=Random("a")) == pause_s(3, None, first_s=1, jitter=Random("a"))
    assert pause_s(3, None, first_s=1, jitter=Random("a")) != pause_s(3, None, first_s=1, jitter=Random("b"))
