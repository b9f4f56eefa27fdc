"""Sheets and dialects: which columns of which file mean what, as data."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from tallyroll.connectors.csvfile.words import ITEMS
from tallyroll.governance import Permit
from tallyroll.vocab.items import Item

ITEM_OF: Mapping[str, Item] = MappingProxyType(
    {
        **{item.value: item for item in Item},
        "date": Item.MARK,
        "session": Item.MARK,
        "code": Item.MARK,
        "subcode": Item.MARK,
    }
)
"""The item that each of our columns about a pupil belongs to; other columns say nothing about a pupil."""


def heading(text: str) -> str:
    """A column's heading as it is compared: `Admission Date`, `ADMISSION_DATE` and `admission-date` are one."""
    return "_".join(text.strip().strip("'").replace("-", " ").replace("_", " ").casefold().split())


@dataclass(frozen=True, slots=True)
class Sheet:
    """One kind of file: its usual name, and for each of our columns the headings it may have, first found first.

    `needs` are the columns without which it cannot be read; `telling` are headings that only this kind has, so that
    a file under another name is known by them.
    """

    name: str
    columns: Mapping[str, tuple[str, ...]]
    needs: tuple[str, ...]
    telling: frozenset[str] = field(default_factory=frozenset)

    def permitted(self, permit: Permit) -> tuple[str, ...]:
        """Our columns that the permit lets us read."""
        allowed = permit.request.items
        return tuple(name for name in self.columns if name not in ITEM_OF or ITEM_OF[name] in allowed)


@dataclass(frozen=True, slots=True)
class Dialect:
    """A way of laying attendance out in CSV files; `schools` is None where its files do not describe the school."""

    name: str
    title: str
    marks: Sheet
    pupils: Sheet
    schools: Sheet | None = None
    status: Sheet | None = None


def sheet(file: str, /, *, needs: Collection[str], telling: Collection[str] = (), **columns: str) -> Sheet:
    """A sheet, its headings written as one text parted by `|`."""
    by_name = {ours: tuple(heading(one) for one in theirs.split("|")) for ours, theirs in columns.items()}
    return Sheet(file, MappingProxyType(by_name), tuple(needs), frozenset(heading(one) for one in telling))


ATTRIBUTES = tuple(sorted(ITEMS - {Item.SEX}))
"""The dated attributes that a file of pupils may hold as plain columns (sex stands on the roll itself)."""
