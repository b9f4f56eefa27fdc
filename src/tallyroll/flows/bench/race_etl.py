"""Attendance ETL through our reader of CSV files: every cell of every row checked, then written.

`marks` is `events`, a line of JSON a row, or `weeks`, a line for each school, week and status with its count. What does
not stand is left out and reported by its row, as in a collection; repeated rows are not looked for.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tallyroll.connectors.csvfile.faults import Report, Stage
from tallyroll.connectors.csvfile.opening import open_sheet
from tallyroll.connectors.csvfile.reading import Part, lookup, read_parts
from tallyroll.connectors.csvfile.sheets import sheet
from tallyroll.engines.rivals import child
from tallyroll.engines.rivals.question import Asked, digest
from tallyroll.flows.bench import ground
from tallyroll.governance import Door, Permit
from tallyroll.simulate.estate import plan

SHEET = sheet(
    "attendance.tsv",
    needs=("date", "school", "session", "pupil", "code", "duration"),
    date="day",
    school="school_id",
    session="session",
    pupil="student_id",
    code="attended",
    duration="duration",
)
STATUS = {"TRUE": "present", "FALSE": "absent"}
_IS_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII).fullmatch
_EVENT = ("day", "schoolId", "session", "studentId", "status", "duration")


def open_session(asked: Asked) -> child.Ask:
    """The reader over the file, with a permit for its columns."""
    schools = [one.school for one in plan(scale=0.0005, seed=ground.SEED, year=2026).schools]
    permit = ground.permit(Door.PULL, schools, folder=asked.folder)
    out = asked.folder / f"ours-{asked.marks}.jsonl"
    write = {"events": _write_events, "weeks": _write_weeks}[asked.marks]

    def ask() -> child.Found:
        write(permit, asked.folder / SHEET.name, out)
        return child.Found(partial(digest, out))

    return ask


def _checked(permit: Permit, path: Path) -> Iterator[Part]:
    """The rows that stand, part by part."""
    report = Report(path.name, Stage.MARKS)
    for part in read_parts(permit, open_sheet(path, sheet=SHEET), report=report):
        wrong = np.zeros(part.rows.size, dtype=np.bool_)
        for name, fails in _FAILS.items():
            wrong |= lookup(part.columns[name], fails)
        yield part.without(wrong)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


_FAILS: dict[str, Callable[[str], bool]] = {
    **dict.fromkeys(("school", "session", "pupil", "duration"), lambda text: not _IS_NUMBER(text)),
    "date": lambda text: _day(text) is None,
    "code": lambda text: text not in STATUS,
}
"""By column, whether a cell does not stand."""


def _write_events(permit: Permit, path: Path, out: Path) -> None:
    with out.open("wb") as file:
        for part in _checked(permit, path):
            texts = [part.columns[name] for name in ("date", "school", "session", "pupil")]
            texts += [_mapped(part.columns["code"], STATUS.get), part.columns["duration"]]
            pieces: list[object] = []
            for name, text in zip(_EVENT, texts, strict=True):
                pieces += [pa.scalar(f'{", " if pieces else "{"}"{name}": "'), text.dictionary_decode(), pa.scalar('"')]
            lines = pc.binary_join_element_wise(*pieces, pa.scalar("}\n"), "")
            _, offsets, data = lines.buffers()
            file.write(data.slice(0, np.frombuffer(offsets, np.int32)[len(lines)]))


def _write_weeks(permit: Permit, path: Path, out: Path) -> None:
    counts: Counter[tuple[str, str, str]] = Counter()
    for part in _checked(permit, path):
        week, status = _mapped(part.columns["date"], _week), _mapped(part.columns["code"], STATUS.get)
        keys = pa.table({"school": part.columns["school"], "week": week, "status": status})
        found = keys.group_by(keys.column_names).aggregate([([], "count_all")])
        columns = [found[name].to_pylist() for name in (*keys.column_names, "count_all")]
        for school, monday, one, n in zip(*columns, strict=True):
            counts[school, monday, one] += n
    lines = (
        f'{{"schoolId": "{school}", "week": "{week}", "status": "{status}", "n": {n}}}\n'
        for (school, week, status), n in sorted(counts.items())
    )
    out.write_text("".join(lines), encoding="utf-8")


def _week(text: str) -> str | None:
    day = _day(text)
    return day.strftime("%G-W%V") if day else None


def _mapped(column: pa.DictionaryArray, translate: Callable[[str], str | None]) -> pa.DictionaryArray:
    """The column with each distinct value translated once; values of rows that were left out become none."""
    values = pa.array([translate(value) for value in column.dictionary.to_pylist()], pa.string())
    return pa.DictionaryArray.from_arrays(column.indices, values)


if __name__ == "__main__":
    child.main(open_session, product="tallyroll")
