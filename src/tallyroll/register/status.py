"""Screening of dated attributes, and the stretches of the roll that follow from them.

Every enrolment is cut wherever one of its attributes changes; then each row of the status paints the stretches that
it covers, in the order of the rows, so that the later row counts where two disagree. All of it in numpy: a school
sends some ten attributes a pupil.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from tallyroll.register.roll import Enrolments
from tallyroll.register.sieve import Column, Ints, Sieve
from tallyroll.register.stretches import COLUMNS, FIRST, LAST, PUPIL, VALUES, Stretches, joined
from tallyroll.register.words import (
    BLANK,
    LEGACY_SEN,
    OPEN_END_DAY,
    PLACE_OF,
    UNKNOWN_VALUE,
    UNREADABLE,
    day_number,
    read_day,
    read_value,
)

_FIRST_DAY = day_number(date.min)
_SHIFT = 1 << 22  # more than the days from year 1 to 9999, so that enrolment and day make one sortable number


@dataclass(frozen=True, slots=True)
class _Attributes:
    """Rows of the status that passed: row of the table, pupil's place, item's place, value, days."""

    row: Ints
    pupil: Ints
    item: Ints
    value: Ints
    first: Ints
    last: Ints


@dataclass(frozen=True, slots=True)
class _Pieces:
    """Attributes cut to enrolments: which attribute, which enrolment, days within it."""

    attribute: Ints
    enrolment: Ints
    first: Ints
    last: Ints


def screen_status(status: pa.Table, *, enrolments: Enrolments) -> tuple[Stretches, Sieve]:
    """The stretches of the roll with their attributes, and what was found."""
    sieve = Sieve(status.column("row"))
    attributes = _read(status, sieve, enrolments)
    pieces = _cut(attributes, enrolments)
    reached = np.zeros(sieve.received, dtype=np.bool_)
    reached[attributes.row[pieces.attribute]] = True
    sieve.remark("status_outside_enrolment", ~reached)
    stretches, overruled = _paint(attributes, pieces, enrolments)
    beaten = np.zeros(sieve.received, dtype=np.bool_)
    beaten[attributes.row[overruled]] = True
    sieve.remark("status_overlap", beaten)
    return joined(stretches), sieve


def _read(status: pa.Table, sieve: Sieve, enrolments: Enrolments) -> _Attributes:
    pupil, item = Column(status, "pupil"), Column(status, "item")
    items = item.judged(lambda text: PLACE_OF.get(text.strip(), -1))[item.index]
    places = enrolments.places(pupil)[pupil.index]
    sieve.reject("status_pupil_blank", pupil.blank()[pupil.index], field="pupil")
    sieve.reject("status_item_unknown", items < 0, field="item")
    first, last = _read_days(status, sieve)
    sieve.reject("status_not_on_roll", places < 0, field="pupil")
    values = _read_values(status, items, sieve)
    rows = np.flatnonzero(sieve.good)
    return _Attributes(rows, places[rows], items[rows], values[rows], first[rows], last[rows])


def _read_days(status: pa.Table, sieve: Sieve) -> tuple[Ints, Ints]:
    columns = {name: Column(status, name) for name in ("first", "last")}
    read = {name: column.judged(read_day)[column.index] for name, column in columns.items()}
    for name in columns:
        sieve.reject("status_date_unreadable", read[name] == UNREADABLE, field=name)
    first = np.where(read["first"] == BLANK, _FIRST_DAY, read["first"])
    last = np.where(read["last"] == BLANK, OPEN_END_DAY, read["last"])
    sieve.reject("status_dates_reversed", last < first, field="last")
    return first, last


def _read_values(status: pa.Table, items: Ints, sieve: Sieve) -> Ints:
    """The numbers of the values; each pair of item and text is looked up once."""
    text = Column(status, "value")
    pairs, which = np.unique(items * len(text.values) + text.index, return_inverse=True)
    places, texts = np.divmod(pairs, max(len(text.values), 1))
    words = [text.values[one] for one in texts.tolist()]
    numbers = [read_value(place, word) for place, word in zip(places.tolist(), words, strict=True)]
    legacy = [
        place == PLACE_OF["sen"] and word.strip().upper() in LEGACY_SEN
        for place, word in zip(places.tolist(), words, strict=True)
    ]
    values = np.array(numbers, dtype=np.int64)[which]
    sieve.remark("status_value_unknown", values == UNKNOWN_VALUE, field="value")
    sieve.remark("status_value_legacy", np.array(legacy, dtype=np.bool_)[which], field="value")
    return np.where(values == UNKNOWN_VALUE, 0, values)


def _cut(attributes: _Attributes, enrolments: Enrolments) -> _Pieces:
    """Each attribute against each enrolment of its pupil, cut to the days they share."""
    order = np.argsort(enrolments.pupil, kind="stable")
    counts = np.bincount(enrolments.pupil, minlength=len(enrolments.keys))
    starts = np.cumsum(counts) - counts
    attribute, within = _expand(counts[attributes.pupil])
    enrolment = order[starts[attributes.pupil][attribute] + within]
    first = np.maximum(attributes.first[attribute], enrolments.first[enrolment])
    last = np.minimum(attributes.last[attribute], enrolments.last[enrolment])
    shared = first <= last
    return _Pieces(attribute[shared], enrolment[shared], first[shared], last[shared])


def _expand(counts: Ints) -> tuple[Ints, Ints]:
    """For `counts` 2, 0, 3: the owners 0 0 2 2 2 and the places 0 1 0 1 2 within each owner."""
    owner = np.repeat(np.arange(len(counts)), counts)
    starts = np.cumsum(counts) - counts
    return owner, np.arange(len(owner)) - starts[owner]


def _paint(attributes: _Attributes, pieces: _Pieces, enrolments: Enrolments) -> tuple[Stretches, Ints]:
    """The stretches with their values, and the attributes that a later one overruled somewhere."""
    ends = pieces.last < enrolments.last[pieces.enrolment]
    cuts = np.unique(
        np.r_[
            _sortable(np.arange(len(enrolments.pupil)), enrolments.first),
            _sortable(pieces.enrolment, pieces.first),
            _sortable(pieces.enrolment[ends], pieces.last[ends] + 1),
        ]
    )
    stretches = _unpainted(cuts, enrolments)
    begin = np.searchsorted(cuts, _sortable(pieces.enrolment, pieces.first))
    end = np.searchsorted(cuts, _sortable(pieces.enrolment, pieces.last), side="right")
    piece, within = _expand(end - begin)
    painted, owner = begin[piece] + within, pieces.attribute[piece]
    column = VALUES + attributes.item[owner]
    stretches[painted, column] = attributes.value[owner]  # of repeated places numpy leaves the last
    return stretches, np.unique(owner[stretches[painted, column] != attributes.value[owner]])


def _sortable(enrolment: Ints, day: Ints) -> Ints:
    return enrolment * _SHIFT + (day - _FIRST_DAY)


def _unpainted(cuts: Ints, enrolments: Enrolments) -> Stretches:
    enrolment, day = cuts // _SHIFT, cuts % _SHIFT + _FIRST_DAY
    follows = np.r_[enrolment[1:] == enrolment[:-1], False] if len(cuts) else np.zeros(0, dtype=np.bool_)
    stretches = np.zeros((len(cuts), len(COLUMNS)), dtype=np.int32)
    stretches[:, PUPIL] = enrolments.pupil[enrolment]
    stretches[:, FIRST] = day
    stretches[:, LAST] = np.where(follows, np.r_[day[1:], 0] - 1, enrolments.last[enrolment])
    stretches[:, VALUES + PLACE_OF["sex"]] = enrolments.sex[enrolment]
    return stretches
