"""The part of the department's words that attendance needs: its data dictionary, and the harmonised ethnic groups.

Source: the EES API data dictionary and the government's harmonised list of ethnic groups, as read in November 2026.
"""

from collections import defaultdict
from collections.abc import Mapping
from csv import DictReader
from importlib.resources import files
from types import MappingProxyType


def rows_of(name: str) -> list[dict[str, str]]:
    """The rows of one of the room's data files."""
    text = files(__package__).joinpath(f"data/{name}.csv").read_text(encoding="utf-8")
    return list(DictReader(text.splitlines()))


def _items() -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for row in rows_of("dictionary"):
        if row["item"]:
            found[row["col_name"]].add(row["item"])
    return MappingProxyType({name: frozenset(items) for name, items in found.items()})


COLUMNS: Mapping[str, str] = MappingProxyType({row["col_name"]: row["col_type"] for row in rows_of("dictionary")})
"""Filter or Indicator, by the name of the column."""

ITEMS: Mapping[str, frozenset[str]] = _items()
"""The items that a filter may have, by its name."""

ETHNICITIES: tuple[tuple[str, str], ...] = tuple(
    (row["ethnicity_major"], row["ethnicity_minor"]) for row in rows_of("ethnicity")
)
"""Each major group with each of its minor ones."""
