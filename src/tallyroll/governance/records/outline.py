"""An assessment as sections, paragraphs and tables: written once, read as a page, as a Word document, or by a test.

The order is that of the regulator's template, seven steps; each names the paragraph of Article 35(7) that it answers.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from tallyroll.governance.records.rendering import day


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading below that of the section."""

    kind: ClassVar[str] = "heading"
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Words of the assessment, or a sentence about it."""

    kind: ClassVar[str] = "paragraph"
    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its caption and column headings; the first cell of a row is the row's heading."""

    kind: ClassVar[str] = "table"
    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Block = Heading | Paragraph | Table


@dataclass(frozen=True, slots=True)
class Section:
    """One step of the seven."""

    title: str
    answers: str  # the law that asks for it
    blocks: tuple[Block, ...]


def table(caption: str, headings: Iterable[str], rows: Iterable[Iterable[object]]) -> Table:
    """A table of whatever can be said in words; a blank cell says None."""
    return Table(caption, tuple(headings), tuple(tuple(said(one, blank="None") for one in row) for row in rows))


def said(value: object, *, blank: str = "Not stated") -> str:
    """A value as people write it: days in full, lists with commas; what is left out is said to be."""
    match value:
        case bool():
            return "Yes" if value else "No"
        case date():
            return day(value)
        case tuple() | list() | frozenset():
            return ", ".join(map(said, value)) or "None"
        case None | "":
            return blank
        case _:
            return str(value)


def spoken(value: object) -> str:
    """A closed word of the manifest as two or more of English: `named-rows` is named rows."""
    return str(value).replace("-", " ").replace("_", " ")


def texts(blocks: Iterable[Block]) -> Iterator[str]:
    """Every piece of text in these blocks, in order."""
    for one in blocks:
        match one:
            case Table():
                yield one.caption
                yield from one.headings
                yield from (cell for row in one.rows for cell in row)
            case _:
                yield one.text
