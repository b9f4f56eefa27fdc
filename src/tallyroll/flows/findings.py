"""Findings as a CSV file, for the people who can mend them. It holds places and reasons, never a pupil's data."""

import csv
import os
from collections.abc import Sequence
from dataclasses import astuple, fields
from pathlib import Path

from tallyroll.register import RegisterStore
from tallyroll.vocab.findings import Finding


def write_findings(path: Path, store: RegisterStore, *, rounds: Sequence[str]) -> None:
    """All that the store holds of what these rounds found, a row each; a file that stands there is replaced."""
    path.parent.mkdir(parents=True, exist_ok=True)
    desk = path.with_name(f".{path.name}.{os.getpid()}")  # beside it: whoever looks meanwhile finds the file whole
    try:
        with desk.open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["round", "urn", *(field.name for field in fields(Finding))])
            for one in rounds:
                rows.writerows([one, urn.number, *astuple(finding)] for urn, finding in store.findings(one))
        desk.replace(path)
    finally:
        desk.unlink(missing_ok=True)
