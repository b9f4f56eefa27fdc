"""What a node remembers: which rounds are finished, and which ledger it saw, however often it was asked since."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.lib.builders import NOW
from tests.lib.siege import REQUEST, besiege

from tallyroll.governance import Door
from tallyroll.governance.memory import finished_round, round_of, set_back
from tallyroll.ledger import Entry

PULLED = replace(REQUEST, source="wonde")


def collected(round_id: str, *, event: str = "collected", failed: object = 0) -> Entry:
    return Entry(0, NOW, event, {"round": round_id, "failed": failed})


def test_a_round_is_named_after_its_source_its_day_in_london_and_its_number() -> None:
    evening = datetime(2026, 6, 14, 23, 30, tzinfo=UTC)  # half past midnight of the 15th in London
    assert round_of("wonde", evening, pull=2) == "wonde 2026-06-15 2"


FINISHED = {
    "nothing collected": ((), PULLED, False),
    "finished": ((collected("wonde 2026-11-20 1"),), PULLED, True),
    "finished, then told of once more": (
        (collected("wonde 2026-11-20 1"), collected("wonde 2026-11-20 1", failed=3)),
        PULLED,
        True,
    ),
    "finished with failures": ((collected("wonde 2026-11-20 1", failed=1),), PULLED, False),
    "not told how it ended": ((Entry(0, NOW, "collected", {"round": "wonde 2026-11-20 1"}),), PULLED, False),
    "another source": ((collected("arbor 2026-11-20 1"),), PULLED, False),
    "another day": ((collected("wonde 2026-11-19 1"),), PULLED, False),
    "another round": ((collected("wonde 2026-11-20 2"),), PULLED, False),
    "another event": ((collected("wonde 2026-11-20 1", event="planned"),), PULLED, False),
    "no school asked for": ((collected("wonde 2026-11-20 1"),), replace(PULLED, schools=frozenset()), False),
}


@pytest.mark.parametrize("name", FINISHED)
def test_a_finished_round_is_not_begun_again(name: str) -> None:
    own, request, is_finished = FINISHED[name]
    clauses = [clause for clause, _, _ in finished_round(own, request, NOW)]
    assert clauses == (["frequency.pulls_a_day"] if is_finished else [])


def asked(size: object, root: object, *, event: str = "gate") -> Entry:
    return Entry(0, NOW, event, {"ledger": {"size": size, "root": root}})


def test_the_longest_ledger_ever_seen_counts(tmp_path: Path) -> None:
    """Whatever came after it: refusals that saw less, and entries of another kind."""
    place = besiege(tmp_path)
    assessments = place.gate().assessments
    assessments.entries()
    head = assessments.head
    assert head["size"] == 7
    root, other = str(head["root"]), "00" * 32
    plain = Entry(0, NOW, "gate", {"answer": "refusal"})
    for own, clauses in (
        ((), []),
        ((plain,), []),
        ((asked(7, root),), []),
        ((asked(0, ""), asked(7, root), plain), []),
        ((asked(8, root),), ["ledger"]),
        ((asked(8, root), asked(3, other)), ["ledger"]),
        ((asked(8, root), asked(0, "")), ["ledger"]),
        ((asked(8, root, event="note"),), []),
        ((asked(7, other),), ["ledger"]),
        ((asked(6, root),), ["ledger"]),
        ((asked(7, root), asked(6, "ff" * 32)), []),
    ):
        assert [clause for clause, _, _ in set_back(own, assessments, NOW)] == clauses, own


def test_what_is_wrong_with_the_ledger_is_told_apart(tmp_path: Path) -> None:
    assessments = besiege(tmp_path).gate().assessments
    ((_, short, _),) = set_back((asked(8, ""),), assessments, NOW)
    ((_, other, _),) = set_back((asked(7, "00" * 32),), assessments, NOW)
    assert "had 8 entries" in short
    assert "another view" in other


def test_the_later_of_both_ledgers_holds_the_clock(tmp_path: Path) -> None:
    assessments = besiege(tmp_path).gate().assessments  # its last entry is of 1 September, eight o'clock in UTC
    early = datetime(2026, 9, 1, 7, 58, 59, tzinfo=UTC)
    assert [clause for clause, _, _ in set_back((), assessments, early)] == ["clock"]
    assert list(set_back((), assessments, datetime(2026, 9, 1, 7, 59, tzinfo=UTC))) == []
    later = (Entry(0, datetime(2026, 9, 1, 9, 0, tzinfo=UTC), "note", {}),)
    assert [clause for clause, _, _ in set_back(later, assessments, early.replace(hour=8))] == ["clock"]


def test_only_pulls_are_rounds(tmp_path: Path) -> None:
    place = besiege(tmp_path)
    place.gate().log.append(at=NOW, event="collected", facts={"round": "wonde 2026-11-20 1", "failed": 0})
    for door, is_open in ((Door.PULL, False), (Door.COUNT, True)):
        answer = place.answer(source="wonde", door=door)
        assert (getattr(answer, "reason", "") == "") is is_open
