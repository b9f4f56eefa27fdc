"""Settling parts of a file: cells made plain, rows with a damaged cell left out, days not asked for left out."""

from dataclasses import dataclass, field
from datetime import date
from functools import partial

import numpy as np

from tallyroll.connectors.csvfile.cells import DATES, iso, reader_of, translate, writes_day_first
from tallyroll.connectors.csvfile.faults import FAULTS, Report, Rows
from tallyroll.connectors.csvfile.lines import Flags
from tallyroll.connectors.csvfile.opening import Opened
from tallyroll.connectors.csvfile.reading import Part, lookup
from tallyroll.vocab.codes import BY_TEXT
from tallyroll.vocab.findings import Severity
from tallyroll.vocab.periods import AcademicYear

Form = tuple[int, int]  # the first row with dates of a form, and how many there are


@dataclass(slots=True)
class Settler:
    """Makes the parts of one file plain, and reports what it leaves out."""

    opened: Opened
    report: Report
    _forms: dict[tuple[str, bool], Form] = field(default_factory=dict)

    def settle(self, part: Part) -> Part:
        """The part with every cell read; rows with a damaged cell are left out, each reported once."""
        bad = np.zeros(part.rows.size, dtype=np.bool_)
        columns = {}
        for name, column in part.columns.items():
            columns[name], faults = translate(column, reader_of(name))
            for check, flags in faults.items():
                self._note(check, flags & ~bad, part.rows, name)
                if FAULTS[check].severity is Severity.ERROR:
                    bad |= flags
            if name in DATES:
                self._note_forms(name, part)
        return Part(part.rows, columns).without(bad)

    def within(self, part: Part, *, first: date, last: date) -> Part:
        """The rows of these days, and those whose date is so far off that it must be wrong, for screening to say.

        Left out are the other days of this school year and the one before: they are right, and nobody asked for them.
        """
        earliest, latest = AcademicYear(AcademicYear.of(first).start - 1).first, AcademicYear.of(last).last

        def unasked(text: str) -> bool:
            day = _day(text)
            return day is not None and earliest <= day <= latest and not first <= day <= last

        flags = lookup(part.columns["date"], unasked)
        self._note("csv_outside_period", flags, part.rows, "date")
        return part.without(flags)

    def without_subcodes(self, part: Part) -> Part:
        """The part without rows whose code and sub-code could be read together as another code."""
        if "subcode" not in part.columns:
            return part
        code, sub = part.columns["code"], part.columns["subcode"]
        codes, subs = code.dictionary.to_pylist(), sub.dictionary.to_pylist()
        pairs = code.indices.to_numpy().astype(np.int64) * len(subs) + sub.indices.to_numpy()
        distinct, places = np.unique(pairs, return_inverse=True)
        another = [
            bool(subs[pair % len(subs)]) and codes[pair // len(subs)] + subs[pair % len(subs)] in BY_TEXT
            for pair in distinct.tolist()
        ]
        flags = np.array(another, dtype=np.bool_)[places]
        self._note("csv_subcode", flags, part.rows, "subcode")
        return part.without(flags)

    def finish(self) -> None:
        """Report what only the whole file shows: a column whose dates are written in two ways."""
        for name in DATES:
            forms = [self._forms[name, form] for form in (False, True) if (name, form) in self._forms]
            if len(forms) == 2:
                row, n_rows = min(forms, key=lambda form: form[1])
                self.report.add_total("csv_dates_mixed", row=row, n_rows=n_rows, field=self.opened.heading(name))

    def _note(self, check: str, flags: Flags, rows: Rows, name: str) -> None:
        self.report.add(check, rows[flags], field=self.opened.heading(name))

    def _note_forms(self, name: str, part: Part) -> None:
        for form in (False, True):
            flags = lookup(part.columns[name], partial(_has_form, day_first=form))
            n_rows = int(np.count_nonzero(flags))
            if n_rows:
                row, before = self._forms.get((name, form), (int(part.rows[np.argmax(flags)]), 0))
                self._forms[name, form] = row, before + n_rows


def _has_form(text: str, *, day_first: bool) -> bool:
    return writes_day_first(text) is day_first


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text and iso(text) == text else None
