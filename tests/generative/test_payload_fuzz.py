"""Ten thousand payloads with an identifier planted somewhere: none is accepted, and no answer repeats what was planted.

Each starts from a payload that is accepted, so that the planted text is the only thing wrong with it (LAW-04).
"""

import json
import re
from collections import Counter
from random import Random

import pytest
from tests.lib.builders import NOW
from tests.lib.payloads import SCHOOL, any_identifier, encoded, receiver, tally_of
from tests.lib.small_registers import joined, register

from tallyroll import submission
from tallyroll.vocab.errors import Problem

N_PAYLOADS = 10_000
OTHER = register(
    schools="school | la | phase\n100002 | 301 | Special",
    roll="school | pupil | year_group | ethnicity_minor\n100002 | 1 | 9 | WIRT\n100002 | 2 | 10 |",
    marks="school | pupil | 2026-11-16\n100002 | 1 | B N\n100002 | 2 | / X",
)


def valid_payloads():
    tallies = tally_of(joined(SCHOOL, OTHER), "sex"), tally_of(SCHOOL), tally_of(OTHER, "ethnicity_minor")
    return [encoded(part) for whole in tallies for part in submission.parts(whole)]


# Trees: JSON values with their places


def places(tree, of=object):
    """Every (container, key) in a tree whose value is of a type."""
    pairs = list(tree.items() if isinstance(tree, dict) else enumerate(tree))
    for key, value in pairs:
        if isinstance(value, of):
            yield tree, key
        if isinstance(value, dict | list):
            yield from places(value, of)


def objects(tree):
    return [tree, tree["cells"], tree["enrolments"]]


def dumps(tree):
    return json.dumps(tree, separators=(",", ":"), ensure_ascii=False).encode()


def put(tree, place, value):
    place[0][place[1]] = value
    return dumps(tree)


def digits_of(text, draw):
    """The digits of an identifier, enough to say something: more than any count may have."""
    digits = re.sub(r"[^0-9]", "", text)
    return int("1" + digits) if len(digits) >= 4 else draw.randrange(10**5, 10**12)


# Planters: (draw, tree, raw, text) -> bytes


def in_a_string(draw, tree, raw, text):
    return put(tree, draw.choice(list(places(tree, str))), text)


def beside_a_string(draw, tree, raw, text):
    place = draw.choice(list(places(tree, str)))
    return put(tree, place, draw.choice([f"{place[0][place[1]]}{text}", f"{text} {place[0][place[1]]}"]))


def in_a_header_string(draw, tree, raw, text):
    name = draw.choice(["kind", "spec", "manifest", "purpose", "la", "phase", "first", "last"])
    return put(tree, (tree, name), text)


def in_slug_form(draw, tree, raw, text):
    """Where the purpose stands, in letters that a purpose may have."""
    return put(tree, (tree, "purpose"), re.sub(r"[^a-z0-9]+", "-", f"x{text}".lower()).strip("-"))


def in_a_digest(draw, tree, raw, text):
    return put(tree, (tree, draw.choice(["manifest", "spec"])), text.encode().hex().ljust(64, "0")[:64])


def as_text_for_a_number(draw, tree, raw, text):
    return put(tree, draw.choice(list(places(tree, int))), text)


def as_a_number(draw, tree, raw, text):
    return put(tree, draw.choice(list(places(tree, int))), digits_of(text, draw) * draw.choice([1, 1, -1]))


def as_a_contributor(draw, tree, raw, text):
    return put(tree, (tree, "contributor"), draw.randrange(200_000, 999_999))


def as_a_revision(draw, tree, raw, text):
    return put(tree, (tree, "revision"), digits_of(text, draw))


def as_a_float(draw, tree, raw, text):
    return put(tree, draw.choice(list(places(tree, int))), digits_of(text, draw) / 10 ** draw.randrange(1, 12))


def as_a_key(draw, tree, raw, text):
    holder = draw.choice(objects(tree))
    renamed = draw.choice(list(holder))
    pairs = [(text if name == renamed else name, value) for name, value in holder.items()]
    holder.clear()
    holder.update(pairs)
    return dumps(tree)


def as_a_new_field(draw, tree, raw, text):
    holder = draw.choice(objects(tree))
    holder[draw.choice(["name", "note", "upn", "dob", text])] = draw.choice([text, [text], {"value": text}])
    return dumps(tree)


def as_a_new_field_that_mimics_a_place(draw, tree, raw, text):
    """What the decoder says of an unknown field ends like the place of one."""
    draw.choice(objects(tree))[f"{text}` - at `$.cells.n[{digits_of(text, draw)}]"] = 0
    return dumps(tree)


def as_a_nested_object(draw, tree, raw, text):
    value = draw.choice([{text: 1}, {"value": text}, [text], [[{"a": [text]}]], {"n": {"n": {"n": text}}}])
    return put(tree, draw.choice(list(places(tree))), value)


def as_one_more_in_a_column(draw, tree, raw, text):
    column = draw.choice([value for one in objects(tree)[1:] for value in one.values()])
    column.insert(draw.randrange(len(column) + 1), draw.choice([text, digits_of(text, draw)]))
    return dumps(tree)


def as_a_day(draw, tree, raw, text):
    """A day that nobody would refuse by its form."""
    days = [place for place in places(tree, str) if re.fullmatch(r"\d{4}-\d\d-\d\d", place[0][place[1]])]
    return put(tree, draw.choice(days), f"20{draw.randrange(8, 22):02d}-0{draw.randrange(1, 10)}-1{draw.randrange(10)}")


def in_wide_letters(draw, tree, raw, text):
    wide = "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)
    return put(tree, draw.choice(list(places(tree, str))), wide)


def with_invisible_letters(draw, tree, raw, text):
    unseen = draw.choice(["\u200b", "\u202e", "\u00ad", "\u2060", "\ufeff"])
    return put(tree, draw.choice(list(places(tree, str))), unseen.join(text))


def in_escapes(draw, tree, raw, text):
    spelt = "".join(f"\\u{ord(char):04x}" for char in text)
    return put(tree, draw.choice(list(places(tree, str))), "PLANT").replace(b"PLANT", spelt.encode())


def as_a_second_key(draw, tree, raw, text):
    name = draw.choice(["purpose", "phase", "la", "kind", "manifest"])
    extra = f'"{name}":{json.dumps(text)},'.encode()
    return raw.replace(f'"{name}":'.encode(), extra + f'"{name}":'.encode(), 1)


def as_a_second_key_after(draw, tree, raw, text):
    return raw[:-1] + f',"purpose":{json.dumps(text)}'.encode() + b"}"


def as_a_comment(draw, tree, raw, text):
    at = draw.choice([found.end() for found in re.finditer(rb"[,{\[]", raw)])
    comment = draw.choice([f"/*{text}*/", f"//{text}\n", f"#{text}\n", f"<!--{text}-->"]).encode()
    return raw[:at] + comment + raw[at:]


def after_the_end(draw, tree, raw, text):
    return raw + draw.choice([b"\n", b"", b"\0", b" ", b"\n{}\n"]) + text.encode()


def before_the_start(draw, tree, raw, text):
    return draw.choice([b"\xef\xbb\xbf", b"", b"\n", b")]}',\n"]) + text.encode() + raw


def in_another_encoding(draw, tree, raw, text):
    return in_a_string(draw, tree, raw, text).decode().encode(draw.choice(["utf-16", "utf-32", "utf-16-le"]))


def in_broken_utf8(draw, tree, raw, text):
    place = draw.choice(list(places(tree, str)))
    return put(tree, place, "PLANT").replace(b"PLANT", b"\xff" + text.encode() + b"\xc3")


def in_spaces(draw, tree, raw, text):
    """One bit for each space between words: what a reader would pass over."""
    bits = "".join(f"{byte:08b}" for byte in text.encode()) + "1"
    gaps = [found.end() for found in re.finditer(rb",", raw)][: len(bits)]
    spaced = bytearray(raw)
    for at, bit in sorted(zip(gaps, bits, strict=False), reverse=True):
        spaced[at:at] = b" " if bit == "1" or at == gaps[0] else b""
    return bytes(spaced)


def in_exponents(draw, tree, raw, text):
    place = draw.choice(list(places(tree, int)))
    value, spelling = place[0][place[1]], draw.choice(["{}e0", "{}.0", "{}E+00", "0{}", "+{}", "{}.", "{}e-00"])
    return put(tree, place, "PLANT").replace(b'"PLANT"', spelling.format(value).encode())


def in_the_order_of_rows(draw, tree, raw, text):
    """Rows in another order say something too."""
    columns = list(tree["cells"].values())
    rows = list(zip(*columns, strict=True))
    rows.append(rows.pop(draw.randrange(len(rows) - 1)))
    for column, values in zip(columns, zip(*rows, strict=True), strict=True):
        column[:] = values
    return dumps(tree)


def as_another_type(draw, tree, raw, text):
    return put(tree, draw.choice(list(places(tree))), draw.choice([None, True, False, text, [], {}, [text]]))


def instead_of_everything(draw, tree, raw, text):
    return draw.choice([dumps(text), dumps([text]), dumps({"name": text}), text.encode(), dumps([tree, text])])


PLANTERS = (
    in_a_string, beside_a_string, in_a_header_string, in_slug_form, in_a_digest, as_text_for_a_number, as_a_number,
    as_a_contributor, as_a_revision, as_a_float, as_a_key, as_a_new_field, as_a_new_field_that_mimics_a_place,
    as_a_nested_object, as_one_more_in_a_column, as_a_day, in_wide_letters, with_invisible_letters, in_escapes,
    as_a_second_key, as_a_second_key_after, as_a_comment, after_the_end, before_the_start, in_another_encoding,
    in_broken_utf8, in_spaces, in_exponents, in_the_order_of_rows, as_another_type, instead_of_everything,
)  # fmt: skip


def test_none_of_ten_thousand_payloads_with_a_planted_identifier_is_accepted_or_repeated():
    draw, valid, seen = Random(20_261_121), valid_payloads(), Counter()
    accepted, repeated = [], []
    for number in range(N_PAYLOADS):
        planter, raw, text = PLANTERS[number % len(PLANTERS)], draw.choice(valid), any_identifier(draw)
        planted = planter(draw, json.loads(raw), raw, text)
        assert planted != raw
        seen[planter.__name__] += 1
        try:
            submission.decode(receiver(), planted, now=NOW)
            accepted.append((planter.__name__, text))
        except Problem as problem:
            if repeats(problem, text, planted, raw):
                repeated.append((planter.__name__, text, str(problem)))
    assert (accepted, repeated) == ([], [])
    assert (seen.total(), len(seen)) == (N_PAYLOADS, len(PLANTERS))


def repeats(problem, text, planted, raw):
    """Whether the answer holds the planted text, or any long number that came with it."""
    said = f"{problem} {problem.where} {problem.mend} {problem!r} {getattr(problem, 'clause', '')}".lower()
    words = [text.lower(), *re.findall(r"\w{5,}", text.lower())]
    numbers = set(re.findall(rb"[0-9]{5,}", planted)) - set(re.findall(rb"[0-9]{5,}", raw))
    return any(word in said for word in words) or any(number.decode() in said for number in numbers)


def test_the_payloads_that_were_planted_in_are_accepted_without_the_plants():
    for raw in valid_payloads():
        submission.decode(receiver(), raw, now=NOW)


@pytest.mark.parametrize("bytes_of", [b"", b"{", b"[" * 200_000, b'{"cells":' * 100_000, b"null", b"0", b'""', b"\xff"])
def test_what_is_no_payload_at_all_is_refused(bytes_of):
    with pytest.raises(Problem):
        submission.decode(receiver(), bytes_of, now=NOW)
