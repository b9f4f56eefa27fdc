"""A data file with its meta file, both read: what every check looks at."""

from collections.abc import Iterable
from dataclasses import dataclass

from tallyroll.release.sheet import EXAMPLES, FIRST_ROW, Sheet
from tallyroll.release.standard import FILTER, INDICATOR, OPTIONAL_META, REQUIRED_META


@dataclass(frozen=True, slots=True)
class MetaRow:
    """One row of a meta file, as it is; a column that the file lacks is blank."""

    row: int
    col_name: str
    col_type: str
    label: str
    indicator_grouping: str
    indicator_unit: str
    indicator_dp: str
    filter_hint: str
    filter_grouping_column: str
    filter_default: str
    parent_filter: str

    @property
    def cells(self) -> tuple[str, ...]:
        """What stands in it, from left to right."""
        return tuple(getattr(self, name) for name in (*REQUIRED_META, *OPTIONAL_META))


@dataclass(frozen=True, slots=True)
class Meta:
    """A meta file: the names of its columns, and its rows."""

    file: str
    names: tuple[str, ...]
    rows: tuple[MetaRow, ...]

    @classmethod
    def of(cls, sheet: Sheet) -> "Meta":
        """The meta file in these cells."""
        known = (*REQUIRED_META, *OPTIONAL_META)
        blank = [""] * sheet.n_rows
        columns = [sheet.table[name].to_pylist() if name in sheet.names else blank for name in known]
        rows = tuple(MetaRow(place, *cells) for place, cells in enumerate(zip(*columns, strict=True), start=FIRST_ROW))
        return cls(sheet.file, sheet.names, rows)

    @property
    def filter_rows(self) -> tuple[MetaRow, ...]:
        """The rows of filters."""
        return tuple(row for row in self.rows if row.col_type == FILTER)

    @property
    def indicator_rows(self) -> tuple[MetaRow, ...]:
        """The rows of indicators."""
        return tuple(row for row in self.rows if row.col_type == INDICATOR)

    @property
    def filters(self) -> tuple[str, ...]:
        """The names of the filters."""
        return tuple(row.col_name for row in self.filter_rows)

    @property
    def indicators(self) -> tuple[str, ...]:
        """The names of the indicators."""
        return tuple(row.col_name for row in self.indicator_rows)

    @property
    def groups(self) -> tuple[str, ...]:
        """The columns by which filters are grouped, as often as they are named."""
        return tuple(row.filter_grouping_column for row in self.rows if row.filter_grouping_column)

    @property
    def named(self) -> tuple[str, ...]:
        """Every column that the file names, once, blanks aside."""
        return tuple(dict.fromkeys(name for name in (*(row.col_name for row in self.rows), *self.groups) if name))

    def places(self, rows: Iterable[MetaRow]) -> tuple[str, ...]:
        """Where these rows stand in the file, in words, as many as a message names."""
        return tuple(f"{self.file} row {row.row} ({row.col_name or 'no name'})" for row in list(rows)[:EXAMPLES])


@dataclass(frozen=True, slots=True)
class Pair:
    """The data file and its meta file."""

    data: Sheet
    meta: Meta

    def present(self, columns: Iterable[str]) -> tuple[str, ...]:
        """Those of the columns that the data file has, once each."""
        return tuple(dict.fromkeys(column for column in columns if column in self.data.names))

    @property
    def filters_and_groups(self) -> tuple[str, ...]:
        """The filters and grouping columns that the data file has."""
        return self.present((*self.meta.filters, *self.meta.groups))
