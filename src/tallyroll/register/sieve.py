"""The sieve: which rows are still good, and what was found. A row is rejected once, by the first check it fails."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tallyroll.register.checks import BY_NAME, Check
from tallyroll.vocab.findings import Finding, Severity

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Show = Callable[[int], str]

TOLD_SINGLY = {Severity.ERROR: 100, Severity.WARNING: 20, Severity.NOTE: 5}
"""How many rows of one check get a finding of their own; the rest share one, so that a bad file stays readable."""


ENCODED = pa.dictionary(pa.int32(), pa.string())
"""How a raw column of text may come as well: its distinct texts, and the number of each row's."""


def as_plain_text(shape: pa.Schema) -> pa.Schema:
    """The shape of a raw table if its columns of text all came plainly."""
    return pa.schema([field.with_type(pa.string()) if field.type == ENCODED else field for field in shape])


class Column:
    """A text column as its distinct values and, for each row, the place of its value. Null reads as blank."""

    __slots__ = ("index", "values")

    def __init__(self, table: pa.Table, name: str) -> None:
        array = table.column(name)
        whole = array.combine_chunks() if array.num_chunks != 1 else array.chunk(0)
        encoded = whole if whole.type == ENCODED else whole.dictionary_encode("encode")
        self.values: list[str] = [value or "" for value in encoded.dictionary.to_pylist()]
        numbers = encoded.indices
        if encoded.null_count:
            numbers = numbers.fill_null(len(self.values))
            self.values.append("")
        self.index: Ints = numbers.to_numpy().astype(np.int64)
        if len(set(self.values)) < len(self.values):  # null beside blank, or a source that numbers a text twice
            place_of = {value: place for place, value in enumerate(self.values)}
            self.index = np.array([place_of[value] for value in self.values])[self.index]

    def judged(self, judge: Callable[[str], int]) -> Ints:
        """For each distinct value what the judge says of it: a value is judged once, however many rows hold it."""
        return np.fromiter(map(judge, self.values), dtype=np.int64, count=len(self.values))

    def blank(self) -> Bools:
        """For each distinct value whether it is blank."""
        if all(map(str.strip, self.values)):  # nearly always, and three times as fast as looking at each
            return np.zeros(len(self.values), dtype=np.bool_)
        return np.array([not value or value.isspace() for value in self.values], dtype=np.bool_)


class Sieve:
    """Rows of one table on their way through the checks. `lead` begins the message about a row, as with its day."""

    def __init__(self, rows: pa.ChunkedArray, *, lead: Show | None = None) -> None:
        self._rows = rows
        self._lead = lead
        self.good: Bools = np.ones(len(rows), dtype=np.bool_)
        self.findings: list[Finding] = []

    @property
    def received(self) -> int:
        """How many rows there were."""
        return len(self.good)

    @property
    def kept(self) -> int:
        """How many rows are still good."""
        return int(np.count_nonzero(self.good))

    def reject(self, name: str, failing: Bools, *, field: str = "", show: Show | None = None) -> None:
        """Reject the good rows that fail this check, and tell of each."""
        hits = (failing & self.good).nonzero()[0]
        if len(hits):
            self.good[hits] = False
            self._tell(BY_NAME[name], hits, field=field, show=show)

    def reject_values(self, name: str, column: Column, failing: Bools, *, field: str, show: Show | None = None) -> None:
        """Reject the good rows whose value in this column fails: `failing` has an answer for each distinct value."""
        if failing.any():
            self.reject(name, failing[column.index], field=field, show=show)

    def remark(self, name: str, failing: Bools, *, field: str = "", show: Show | None = None) -> None:
        """Tell of the good rows that fail this check, and keep them."""
        hits = (failing & self.good).nonzero()[0]
        if len(hits):
            self._tell(BY_NAME[name], hits, field=field, show=show)

    def _tell(self, check: Check, hits: Ints, *, field: str, show: Show | None) -> None:
        single = TOLD_SINGLY[check.severity]
        for hit in hits[:single].tolist():
            value = show(hit) if show else ""
            said = f"This row says '{value}'." if value else ""
            lead = self._lead(hit) if self._lead else ""
            self.findings.append(finding(check, said, lead=lead, row=self._rows[hit].as_py(), field=field))
        rest = len(hits) - single
        if rest > 0:
            self.findings.append(finding(check, f"{rest} more rows are so.", field=field, n_rows=rest))


def finding(
    check: Check, said: str = "", *, lead: str = "", row: int | None = None, field: str = "", n_rows: int = 1
) -> Finding:
    """A finding of this check.

    `lead` goes before the rule and `said` after it; both must be harmless, for people outside the school see them.
    """
    return Finding(
        check=check.name,
        severity=check.severity,
        message=f"{lead} {check.rule} {said}".strip(),
        mend=check.mend,
        place=str(check.stage),
        row=row,
        field=field,
        n_rows=n_rows,
    )
