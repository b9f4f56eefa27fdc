"""Findings as a CSV file, for the people who can mend them. It holds places and reasons, never a pupil's data."""

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, fields
from pathlib import Path

from tallyroll.flows.node import Found
from tallyroll.vocab.findings import Finding
from tallyroll.vocab.identifiers import Urn


@contextmanager
def finding_list(path: Path) -> Iterator[Found]:
    """Writes each finding as a row below the school's URN; a file that stands there is replaced."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["urn", *(field.name for field in fields(Finding))])

        def found(urn: Urn, findings: Sequence[Finding]) -> None:
            rows.writerows([urn.number, *astuple(finding)] for finding in findings)

        yield found
