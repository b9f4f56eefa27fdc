"""How a document is put on paper: pages from templates, tables as CSV. One style for all pages, nothing from outside.

A value that a template names and nobody gave is an error: a page never shows a hole as if it were empty.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # how a cell begins that a spreadsheet would run


def day(moment: date) -> str:
    """A day as people write it: 3 September 2026."""
    return f"{moment.day} {moment:%B %Y}"


_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(("html",)),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_PAGES.filters["day"] = day


def render(template: str, **facts: object) -> str:
    """The text of a template with these facts; what they say is escaped where the template is HTML."""
    return _PAGES.get_template(template).render(facts)


def csv_text(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table as CSV (RFC 4180). A cell that a spreadsheet would run as a formula begins with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(headings)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue()


def _cell(value: object) -> str:
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
