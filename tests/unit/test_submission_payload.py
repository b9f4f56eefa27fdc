"""The payload: what it says, that equal tallies are equal bytes, and each thing that it cannot say, at both ends."""

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Annotated

import msgspec
import pyarrow as pa
import pytest
from tests.lib.builders import NOW, permit
from tests.lib.payloads import COUNTED_AT, SCHOOL, URN, encoded, receiver, sender, tally_of
from tests.lib.small_registers import joined, register
from tests.lib.tallies import counted

from tallyroll import submission
from tallyroll.governance import Door
from tallyroll.submission import wire
from tallyroll.tally import EMPTY, Tally, merge
from tallyroll.tally.definitions import ALL, BREAKDOWNS, VALUES
from tallyroll.vocab.codes import CODES
from tallyroll.vocab.errors import InputProblem, Problem, Refused, VerificationProblem
from tallyroll.vocab.identifiers import Urn

TALLY = tally_of(SCHOOL, "sex", "sen")
PAYLOAD = encoded(TALLY)
SPEC = "3409296b4732dfdaf7525829e42e1c9a6961c1eaffcd55bec07a64f6f1abdae4"


def decoded(payload, **given):
    counts = submission.decode(given.get("permit", receiver()), payload, now=given.get("now", NOW))
    return Tally(counts.cells, counts.persistent)


def changed(**fields):
    return json.dumps({**json.loads(PAYLOAD), **fields}, separators=(",", ":")).encode()


# What it says


def test_what_was_counted_travels_and_arrives_the_same():
    assert decoded(PAYLOAD) == TALLY


def test_a_payload_reads_as_people_would_write_it():
    small = register(
        roll="school | pupil | year_group | sex\n100001 | 1 | 5 | F",
        marks="school | pupil | 2026-09-30\n100001 | 1 | / -",
    )
    said = json.loads(encoded(tally_of(small, "sex")))
    assert {name: said[name] for name in ("kind", "contributor", "la", "phase", "first", "last", "breakdowns")} == {
        "kind": "tally/1",
        "contributor": 100001,
        "la": "302",
        "phase": "Primary",
        "first": "2026-09-01",
        "last": "2026-11-20",
        "breakdowns": ["sex"],
    }
    assert said["cells"] == {
        "date": ["2026-09-30"] * 4,
        "session": ["AM", "AM", "PM", "PM"],
        "category": ["all", "sex=F", "all", "sex=F"],
        "code": ["/", "/", "", ""],
        "n": [1, 1, 1, 1],
    }
    assert said["enrolments"] == {
        "first": ["2026-09-01"] * 2,
        "last": ["2026-11-20"] * 2,
        "category": ["all", "sex=F"],
        "enrolments": [1, 1],
        "persistent": [0, 0],
        "severe": [0, 0],
    }


def test_equal_tallies_are_equal_bytes_whatever_the_order_of_their_rows():
    turned = Tally(TALLY.cells.take(pa.array(range(TALLY.cells.num_rows))[::-1]), TALLY.persistent)
    assert encoded(turned) == encoded(merge(TALLY, TALLY)) == PAYLOAD


def test_a_tally_of_several_contributors_and_revisions_is_cut_into_one_payload_each():
    other = register(
        schools="school | la | phase\n100002 | 301 | Special",
        roll="school | pupil | year_group\n100002 | 1 | 9",
        marks="school | pupil | 2026-09-30\n100002 | 1 | B N",
    )
    later = counted(other, days=[date(2026, 10, 1)], revision=COUNTED_AT + 1)
    whole = merge(tally_of(joined(SCHOOL, other)), Tally(later.cells.filter(pa.compute.field("n") == 0)))
    parts = submission.parts(whole)
    assert [(part.cells["contributor"][0].as_py(), part.cells["revision"][0].as_py()) for part in parts] == [
        (100001, COUNTED_AT),
        (100002, COUNTED_AT),
        (100002, COUNTED_AT + 1),
    ]
    again = [decoded(encoded(part)) for part in parts]
    assert merge(merge(again[2], again[0]), again[1]) == whole
    with pytest.raises(VerificationProblem, match="exactly one contributor"):
        encoded(whole)


def test_a_day_without_a_mark_travels_too():
    empty = register(roll="school | pupil\n100001 | 1", marks="school | pupil\n100001 | 1")
    held = counted(empty, days=[date(2026, 10, 2)], revision=COUNTED_AT)
    assert held.cells["n"].to_pylist() == [0]
    assert decoded(encoded(held)) == held


def test_nothing_is_no_payload():
    with pytest.raises(VerificationProblem):
        encoded(EMPTY)
    empty = {name: {key: [] for key in json.loads(PAYLOAD)[name]} for name in ("cells", "enrolments")}
    with pytest.raises(InputProblem, match="holds no cell"):
        decoded(changed(**empty))


# The closed world


def test_the_closed_world_is_the_one_that_was_agreed():
    """Changing a field, a list or a bound changes this digest: both ends must then change, and the assessment first."""
    assert submission.SPEC == SPEC
    assert submission.OUTLINE["cells"]["n"] == [f"0 to {wire.MOST_PUPILS}", wire.MOST_CELLS]
    assert list(submission.OUTLINE) == list(json.loads(PAYLOAD))


def test_one_field_more_is_another_closed_world_and_free_text_is_none():
    closed = msgspec.defstruct("More", [("note", wire.Number)], bases=(wire.Payload,), forbid_unknown_fields=True)
    assert wire.outline(msgspec.inspect.type_info(closed)) != submission.OUTLINE
    for kind in (str, int, float, dict[str, str], list[wire.Number], Annotated[str, msgspec.Meta(max_length=9)]):
        with pytest.raises(Problem, match="not closed"):
            wire.outline(msgspec.inspect.type_info(kind))


def test_the_words_of_the_wire_are_those_of_the_statistics():
    assert wire.ALL == ALL
    assert tuple(dict.fromkeys(name for name, _ in wire.PAIRS)) == BREAKDOWNS
    assert {name: sum(one == name for one, _ in wire.PAIRS) for name in BREAKDOWNS} == {
        name: len(values) for name, values in VALUES.items()
    }
    assert [wire.MARKS.index(code.text) for code in CODES] == [code.number for code in CODES]
    assert len(set(wire.CATEGORIES)) == len(wire.CATEGORIES) == len(wire.PAIRS) < 2**8
    assert len(wire.MARKS) <= 2**6


# What it cannot say, at source and at receipt


def with_column(name, value, *, table="cells"):
    held = getattr(TALLY, table)
    place = held.column_names.index(name)
    column = pa.array([value] * held.num_rows, held.schema.field(name).type)
    return replace(submission.Counts(TALLY.cells, TALLY.persistent), **{table: held.set_column(place, name, column)})


@pytest.mark.parametrize(
    ("name", "value", "place"),
    [
        ("la", "Zephyrine", "la"),
        ("phase", "Zephyrine Wintergreen", "phase"),
        ("characteristic", "A801200124001", "cells.category[0]"),
        ("value", 200, "cells.category"),
        ("session", 7, "cells.session[0]"),
        ("code", 99, "cells.code[0]"),
        ("n", 10_000, "cells.n[0]"),
        ("n", -1, "cells.n[0]"),
        ("n", None, "cells.n[0]"),
    ],
)
def test_at_source_a_word_or_number_outside_the_lists_is_refused(name, value, place):
    odd = with_column(name, value)
    if name in ("la", "phase"):
        odd = replace(odd, persistent=TALLY.persistent.slice(0, 0))
    with pytest.raises(Problem) as caught:
        encoded(odd)
    assert caught.value.where.startswith(place)
    assert str(value) not in str(caught.value)


@pytest.mark.parametrize(
    ("planted", "place", "words"),
    [
        (changed(phase="Zephyrine Wintergreen"), "phase", "not in the closed list.*a name or other free text"),
        (changed(la="SW1A 2AA"), "la", "not in the closed list.*a postcode"),
        (changed(kind="tally/2"), "kind", "not in the closed list"),
        (changed(spec="0" * 64), "spec", "other lists than ours"),
        (changed(manifest="0" * 64), "manifest", "not the permit's"),
        (changed(purpose="league-tables"), "purpose", "not the permit's"),
        (changed(purpose="Zephyrine"), "purpose", "closed form"),
        (changed(contributor=1), "contributor", "outside its bounds"),
        (changed(contributor="100001"), "contributor", "wrong type"),
        (changed(revision=8012001240010), "revision", "not a moment"),
        (changed(revision=COUNTED_AT + 10**9), "revision", "not a moment"),
        (changed(first="2012-01-13"), "payload", "other days or breakdowns.*a date of birth"),
        (changed(first="2026-09-02"), "payload", "other days or breakdowns"),
        (changed(breakdowns=["sex"]), "payload", "other days or breakdowns"),
        (changed(breakdowns=["sen", "sex"]), "payload", "other days or breakdowns"),
        (changed(name="Zephyrine"), "payload", "field that payloads do not have"),
        (changed(cells={"upn": "X"}), "cells", "field that payloads do not have"),
        (changed(cells={}), "cells", "lacks a field"),
        (changed(cells={**json.loads(PAYLOAD)["cells"], "n": [1]}), "cells", "different lengths"),
        (PAYLOAD.replace(b'"n":[1', b'"n":[1.0'), "cells.n[0]", "wrong type"),
        (PAYLOAD.replace(b'"AM"', b'"\\u0041M"', 1), "payload", "one canonical way"),
        (PAYLOAD.replace(b",", b", ", 1), "payload", "one canonical way"),
        (PAYLOAD + b"\n", "payload", "one canonical way"),
        (PAYLOAD.replace(b'"la"', b'"la":"301","la"', 1), "payload", "one canonical way"),
        (PAYLOAD[:-1], "payload", "not whole JSON"),
        (b" " * (wire.LARGEST_PAYLOAD + 1), "payload", "too large"),
    ],
)
def test_at_receipt_each_fault_is_named_by_its_place_and_kind(planted, place, words):
    with pytest.raises(Problem, match=words) as caught:
        decoded(planted)
    assert caught.value.where == place


def test_a_cell_that_stands_twice_or_in_another_order_is_refused():
    cells = json.loads(PAYLOAD)["cells"]
    twice = {name: [column[0], *column] for name, column in cells.items()}
    turned = {name: column[::-1] for name, column in cells.items()}
    for odd in (twice, turned):
        with pytest.raises(InputProblem, match="twice, or cells out of order") as caught:
            decoded(changed(cells=odd))
        assert caught.value.where == "cells"


def test_another_contributor_than_the_permit_s_is_refused_without_naming_it():
    only_other = permit(Door.RECEIVE, schools=[Urn(100002)])
    with pytest.raises(Refused) as caught:
        decoded(PAYLOAD, permit=only_other)
    assert str(URN) not in str(caught.value)


@pytest.mark.parametrize(
    "narrower", [{"first": date(2026, 9, 2)}, {"last": date(2026, 11, 19)}, {"characteristics": ["sex"]}]
)
def test_days_and_breakdowns_outside_the_permit_are_refused_at_both_ends(narrower):
    with pytest.raises(Refused):
        submission.encode(permit(Door.SEND, schools=[URN], **narrower), TALLY, now=NOW)
    with pytest.raises(Problem):  # the narrower assessment has another digest too
        decoded(PAYLOAD, permit=permit(Door.RECEIVE, schools=[URN], **narrower))


def test_each_end_takes_the_permit_of_its_own_door_while_it_holds():
    with pytest.raises(Refused):
        submission.encode(receiver(), TALLY, now=NOW)
    with pytest.raises(Refused):
        decoded(PAYLOAD, permit=sender())
    with pytest.raises(Refused):
        decoded(PAYLOAD, now=NOW + timedelta(hours=5))
