"""What stray texts look like. Expected kinds by hand; the UPN and NHS numbers are those of published examples."""

from random import Random

import pytest
from tests.lib import payloads

from tallyroll.vocab.lookalikes import Lookalike, kind_of, seen_in

LOOKS = {
    "A801200124001": Lookalike.UPN_SHAPE,  # its letter would be another
    "x a801200124001 y": Lookalike.UPN_SHAPE,
    "801200124001": Lookalike.UPN_SHAPE,
    "9434765919": Lookalike.NHS,  # NHS Data Dictionary's example
    "943 476 5919": Lookalike.NHS,
    "943-476-5919": Lookalike.NHS,
    "9434765918": None,
    "j.doe@school.sch.uk": Lookalike.EMAIL,
    "SW1A 2AA": Lookalike.POSTCODE,
    "ec1a1bb": Lookalike.POSTCODE,
    "GIR 0AA": Lookalike.POSTCODE,
    "2012-01-13": Lookalike.BIRTH,
    "13/01/2012": Lookalike.BIRTH,
    "13.1.12": Lookalike.BIRTH,
    "20120113": Lookalike.BIRTH,
    "13012012": Lookalike.BIRTH,
    "13th January 2012": Lookalike.BIRTH,
    "13 Jan 12": Lookalike.BIRTH,
    "January 13, 2012": Lookalike.BIRTH,
    "07911 123456": Lookalike.PHONE,
    "+44 20 7946 0018": Lookalike.PHONE,
    "Zephyrine": Lookalike.TEXT,
    "Łukasz": Lookalike.TEXT,
    "Ｚｏｅ": Lookalike.TEXT,
    "": None,
    "7": None,
    "1795190400000000": None,
}


@pytest.mark.parametrize("text", LOOKS)
def test_a_text_is_seen_for_what_it_looks_like(text):
    assert kind_of(text) == LOOKS[text]


@pytest.mark.parametrize(
    ("draw_one", "kinds"),
    [
        (payloads.a_upn, {Lookalike.UPN}),
        (payloads.a_wrong_upn, {Lookalike.UPN_SHAPE}),
        (payloads.an_nhs_number, {Lookalike.NHS}),
        (payloads.a_postcode, {Lookalike.POSTCODE}),
        (payloads.a_birthday, {Lookalike.BIRTH}),
        (payloads.a_name, {Lookalike.TEXT}),
    ],
)
def test_identifiers_are_seen_bare_in_wide_letters_and_through_invisible_ones(draw_one, kinds):
    draw = Random(7)
    for _ in range(200):
        text = draw_one(draw)
        wide = "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)
        assert {kind_of(text), kind_of(wide), kind_of("\u200b".join(text))} == kinds


def test_the_worst_is_said_of_several():
    raw = b'{"a":"Zephyrine","b":"SW1A 2AA","c":9434765919,"d":"2026-11-20"}'
    assert seen_in(raw, known=["a", "b", "c", "d"]) is Lookalike.NHS
    assert seen_in(b'{"a":["2026-11-20",17]}', known=["a"]) is None
    assert seen_in(b'{"a":"\\u0053W1A 2AA"}', known=["a"]) is Lookalike.POSTCODE


def test_looking_takes_no_longer_for_hostile_bytes():
    for hostile in (b'"\\' * 2**20, b'"' * 2**20, b'"' + b"a" * 2**21, b"1-" * 2**20, b"[" * 2**21):
        seen_in(hostile, known=[])
