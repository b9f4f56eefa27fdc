"""A raw column of text gives the same numbers and texts in whatever form Arrow holds it."""

import pyarrow as pa
import pytest

from tallyroll.register.sieve import ENCODED, Column

TEXTS = ["a", None, "", "b", "a"]


def told(array):
    column = Column(pa.table({"x": array}), "x")
    return [column.values[place] for place in column.index.tolist()], column.index


@pytest.mark.parametrize(
    "array",
    [
        pa.array(TEXTS),
        pa.array(TEXTS).dictionary_encode(),
        pa.array(TEXTS).dictionary_encode("encode"),
        pa.DictionaryArray.from_arrays(
            pa.array([0, None, 1, 2, 3], pa.int32()), pa.array(["a", "", "b", "a", "spare"])
        ),
        pa.chunked_array([TEXTS[:2], TEXTS[2:]]),
        pa.chunked_array([pa.array(TEXTS[:2]), pa.array(TEXTS[2:])]).dictionary_encode().unify_dictionaries(),
    ],
)
def test_text_is_read_alike_and_equal_text_has_one_number(array):
    assert array.type in (pa.string(), ENCODED)
    texts, numbers = told(array)
    assert texts == ["a", "", "", "b", "a"]
    assert numbers[0] == numbers[4]
    assert numbers[1] == numbers[2]
    assert len({*numbers.tolist()}) == 3
