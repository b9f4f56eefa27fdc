"""Everything that a store holds, in the clear, so that two stores can be compared row for row."""

from collections.abc import Collection, Sequence
from pathlib import Path

from tallyroll.register import RegisterStore

Rows = dict[str, list[tuple[object, ...]]]


def everything(store: Path, *, round_id: str, schools: Collection[int] = ()) -> Rows:
    """Every row of every table: rolls, marks, revisions, bookmarks, lines of the round; of these schools, or of all."""
    with RegisterStore(store, read_only=True) as opened, opened.reading() as sql:
        urns = sorted(urn for (urn,) in sql.execute("SELECT urn FROM school") if not schools or urn in schools)
        names = [name for (name,) in sql.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        held: Rows = {name: [] for name in names}
        for urn in urns:
            for name in names:
                found = sql.execute(f'SELECT * FROM "{name}" WHERE urn = ?', (urn,))
                held[name] += [_in_the_clear(row) for row in found]
            shelf = opened.shelf(sql, urn)
            (last,) = sql.execute("SELECT revision FROM school WHERE urn = ?", (urn,)).fetchone()
            for revision in range(1, last + 1):
                held["roll"].append((urn, revision, shelf.roll(revision=revision).tobytes()))
                weeks = shelf.weeks(first=0, last=10**6, revision=revision)
                held["week"] += [(urn, revision, monday, marks.tobytes()) for monday, marks in weeks.items()]
            held["pupil"] += [(urn, year, str(listed)) for year, listed in shelf.pupils()]
            held["finding"] += [(urn, str(one)) for one in shelf.findings(round_id)]
    return {name: sorted(rows, key=repr) for name, rows in held.items()}


def _in_the_clear(row: Sequence[object]) -> tuple[object, ...]:
    """A row without its encrypted cells, of which no two are the same."""
    return tuple(cell for cell in row if not isinstance(cell, bytes))
