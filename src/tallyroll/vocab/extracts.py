"""Extracts: what a connector hands over for one school, before anything is judged."""

from dataclasses import dataclass
from datetime import date, datetime

import pyarrow as pa

from tallyroll.vocab.findings import Finding
from tallyroll.vocab.schools import School


@dataclass(frozen=True, slots=True)
class Extract:
    """One school's rows as its system gave them.

    `full` says that the rows are everything the source holds from `first` to `last`, so that a mark or pupil that is
    not among them is gone; otherwise they are changes on top of what was known. `resume` is the connector's own
    bookmark, kept with the rows in one transaction. `removed` names pupils that the source has deleted.
    """

    school: School
    source: str
    taken_at: datetime
    first: date
    last: date
    full: bool
    roll: pa.Table
    status: pa.Table
    marks: pa.Table
    removed: tuple[str, ...] = ()
    resume: str = ""
    findings: tuple[Finding, ...] = ()
