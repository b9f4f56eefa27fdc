"""Whatever is counted for real can be sent, arrives the same, and says in JSON what the cells say."""

import json
from datetime import date

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.lib.builders import NOW
from tests.lib.payloads import encoded, receiver, tally_of
from tests.lib.small_registers import registers

from tallyroll import submission
from tallyroll.tally import Tally, merge_all
from tallyroll.vocab.characteristics import BY_NAME
from tallyroll.vocab.codes import CODES

NAMES = st.lists(st.sampled_from(list(BY_NAME)), unique=True, max_size=4)


@settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(registers(), NAMES)
def test_every_tally_of_the_real_counting_goes_through(held, names):
    whole = tally_of(held, *names)
    arrived = []
    for part in submission.parts(whole):
        payload = encoded(part)
        counts = submission.decode(receiver(), payload, now=NOW)
        again = Tally(counts.cells, counts.persistent)
        assert again == Tally(part.cells, part.persistent)
        assert read_by_hand(payload) == part.cells.to_pylist()
        assert payload.isascii()
        arrived.append(again)
    assert merge_all(arrived) == whole


def read_by_hand(payload):
    """The cells of a payload, read with nothing but the standard library and the vocabulary's own tables."""
    said = json.loads(payload)
    numbers = {code.text: code.number for code in CODES}
    rows = zip(*(said["cells"][name] for name in ("date", "session", "category", "code", "n")), strict=True)
    found = []
    for day, session, category, code, n in rows:
        name, _, value = category.partition("=")
        row = {name: said[name] for name in ("contributor", "revision", "la", "phase")}
        number = 0 if name == "all" else BY_NAME[name].number(value)
        found.append({**row, "date": day, "session": int(session == "PM"), "characteristic": name, "value": number}
                     | {"code": numbers.get(code, 0), "n": n})  # fmt: skip
    return [{**row, "date": date.fromisoformat(row["date"])} for row in found]
