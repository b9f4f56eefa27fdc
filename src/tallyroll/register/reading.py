"""`read`: rolls and marks out of the store, for counting; and `known`: the roll against which a delta is judged."""

import sqlite3
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tallyroll.governance import Door, Permit
from tallyroll.register.blocks import DAYS, SESSIONS, Marks
from tallyroll.register.database import microseconds
from tallyroll.register.merging import monday_of
from tallyroll.register.screening import Known
from tallyroll.register.shelf import LATEST, Shelf
from tallyroll.register.store import RegisterStore
from tallyroll.register.stretches import FIRST, LAST, PUPIL, Stretches, to_table, without
from tallyroll.register.words import day_number
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.items import ESSENTIAL
from tallyroll.vocab.shapes import MARKS, SCHOOLS, SPANS, Register


@dataclass(frozen=True, slots=True)
class _Dense:
    """One school's marks, a number for every pupil and session of which anything came."""

    pupil: npt.NDArray[np.int32]
    day: npt.NDArray[np.int32]
    session: Marks
    code: Marks


def read(
    permit: Permit,
    store: RegisterStore,
    *,
    schools: Collection[Urn],
    first: date,
    last: date,
    now: datetime,
    as_of: datetime | None = None,
) -> Register:
    """Rolls and marks of these schools over these days, as the store knows them, or knew them at `as_of`.

    Shape:  `spans` of pupils on the roll on any of the days, whole; `marks` one row for each of these pupils and each
            session of which the school sent anything, code 0 where nothing came; `schools` those that were known.
    Raises: Refused when schools or days lie outside the permit; items outside it come as 0, unknown.
            VerificationProblem when stored bytes are not those that were written.
    """
    permit.check(Door.COUNT, now=now, schools=schools, days=(first, last), items=ESSENTIAL)
    spans, dense, facts = [], [], []
    with store.reading() as sql:
        for urn in sorted({school.number for school in schools}):
            shelf = store.shelf(sql, urn)
            revision = LATEST if as_of is None else shelf.revision_at(microseconds(as_of))
            row = _facts(sql, urn, revision)
            if row is not None:
                stretches = _on_roll(shelf, revision, first=day_number(first), last=day_number(last))
                facts.append((urn, *row))
                spans.append(to_table(without(stretches, permit.request.items), urn=urn))
                marks = _dense(shelf, revision, stretches, first=day_number(first), last=day_number(last))
                dense.append((urn, marks))
    return Register(schools=_schools_table(facts), spans=_joined(spans), marks=_marks_table(dense))


def known(permit: Permit, store: RegisterStore, *, school: Urn, now: datetime) -> Known:
    """The school's roll as last kept, by the source's keys.

    Raises: Refused when the school lies outside the permit.
    """
    permit.check(Door.PULL, now=now, schools=(school,), items=ESSENTIAL)
    with store.reading() as sql:
        shelf = store.shelf(sql, school.number)
        stretches = shelf.roll()
        keys = {number: key for _, listed in shelf.pupils() for key, number in listed.items()}
    numbers, places = np.unique(stretches[:, PUPIL], return_inverse=True)
    local = without(stretches, permit.request.items)
    local[:, PUPIL] = places
    return Known(tuple(keys[number] for number in numbers.tolist()), to_table(local, urn=school.number))


def _facts(sql: sqlite3.Connection, urn: int, revision: int) -> tuple[str, str] | None:
    row: tuple[str, str] | None = sql.execute(
        "SELECT la, phase FROM facts WHERE urn = ? AND revision <= ? ORDER BY revision DESC LIMIT 1", (urn, revision)
    ).fetchone()
    return row


def _on_roll(shelf: Shelf, revision: int, *, first: int, last: int) -> Stretches:
    stretches = shelf.roll(revision=revision)
    return stretches[(stretches[:, FIRST] <= last) & (stretches[:, LAST] >= first)]


def _dense(shelf: Shelf, revision: int, stretches: Stretches, *, first: int, last: int) -> _Dense:
    """The marks of the pupils on the roll: session by session, in the order of their numbers."""
    pupils = np.unique(stretches[:, PUPIL])
    mondays, sent, block = _block(shelf, revision, pupils, first=monday_of(first), last=monday_of(last))
    days = (mondays[:, None] + np.arange(DAYS)).ravel()
    sessions = block.reshape(len(days), SESSIONS, len(pupils))
    came = sent.reshape(len(days), SESSIONS) & ((first <= days) & (days <= last))[:, None]
    day, session = np.nonzero(came)
    return _Dense(
        pupil=np.tile(pupils, len(day)),
        day=np.repeat(days[day].astype(np.int32), len(pupils)),
        session=np.repeat(session.astype(np.uint8), len(pupils)),
        code=sessions[came].ravel(),
    )


def _block(
    shelf: Shelf, revision: int, pupils: npt.NDArray[np.int32], *, first: int, last: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_], Marks]:
    """The weeks that came, the sessions of them that were sent, and marks by week, day, session and pupil."""
    weeks = shelf.weeks(first=first, last=last, revision=revision)
    block = np.zeros((len(weeks), DAYS, SESSIONS, len(pupils)), dtype=np.uint8)
    sent = np.zeros((len(weeks), DAYS, SESSIONS), dtype=np.bool_)
    for place, marks in enumerate(weeks.values()):
        sent[place] = marks.any(axis=0)  # by anybody's mark, on the roll or not: the school did send the session
        stored = np.searchsorted(pupils, len(marks))  # a block ends at the last pupil with a mark
        block[place, :, :, :stored] = marks[pupils[:stored]].transpose(1, 2, 0)
    return np.array([*weeks], dtype=np.int64), sent, block


def _marks_table(schools: Iterable[tuple[int, _Dense]]) -> pa.Table:
    parts = [*schools]
    if not parts:
        return MARKS.empty_table()
    columns = [
        np.concatenate([np.full(len(dense.code), urn, dtype=np.int32) for urn, dense in parts]),
        np.concatenate([dense.pupil for _, dense in parts]),
        np.concatenate([dense.day for _, dense in parts]),
        np.concatenate([dense.session for _, dense in parts]),
        np.concatenate([dense.code for _, dense in parts]),
    ]
    return pa.table(
        [pa.array(column).cast(field.type) for column, field in zip(columns, MARKS, strict=True)], schema=MARKS
    )


def _joined(spans: list[pa.Table]) -> pa.Table:
    return pa.concat_tables(spans).combine_chunks() if spans else SPANS.empty_table()


def _schools_table(facts: list[tuple[int, str, str]]) -> pa.Table:
    columns = list(zip(*facts, strict=True)) if facts else [(), (), ()]
    return pa.table([pa.array(column, field.type) for column, field in zip(columns, SCHOOLS, strict=True)], SCHOOLS)
