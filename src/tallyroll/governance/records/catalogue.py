"""The public page of one collection: every version from the first signature on, and none ever taken away."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from tallyroll.governance.lifecycle import History, Version
from tallyroll.governance.records.outline import Table, spoken, table
from tallyroll.governance.records.page import name_of, signatures
from tallyroll.governance.records.rendering import render
from tallyroll.ledger import Entry

Links = Sequence[tuple[str, str]]  # the name of a file, and what it is


@dataclass(frozen=True, slots=True)
class Shelf:
    """One version on the page: what it is called, where it stands, and its steps."""

    version: Version
    name: str
    state: str
    steps: Table


def catalogue(
    history: History, entries: Sequence[Entry], *, on: date, files: Links, registers: Links, logged: bool
) -> str:
    """The page of a collection as it stands on a day, newest version first, self-contained HTML.

    `files` stand in a folder for each version, named by its digest; `registers` are about the collection as a whole.
    Where no log of the gate's answers was read, `logged` is false and the page says where they are.
    """
    about = {index for version in history.versions for index in (one.index for one in version.steps)}
    others = [one for one in history.said if one.index not in about]
    ignored = [(spoken(one.kind).capitalize(), one.index, one.why) for one in history.ignored]
    return render(
        "catalogue.html",
        history=history,
        title=history.versions[-1].manifest.collection.title if history.versions else history.collection,
        on=on,
        shelves=[_shelf(one, history, entries, on=on) for one in reversed(history.versions)],
        said=signatures("Said of the collection as a whole", others, entries),
        ignored=table("Without effect", ("Statement", "Ledger entry", "Why"), ignored),
        files=files,
        registers=registers,
        logged=logged,
    )


def _shelf(version: Version, history: History, entries: Sequence[Entry], *, on: date) -> Shelf:
    name = name_of(version)
    steps = signatures(f"Steps: {name.lower()}", version.steps, entries)
    return Shelf(version, name, spoken(history.state(version, on=on)).capitalize(), steps)
