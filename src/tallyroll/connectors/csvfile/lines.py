"""Rows of a CSV file as bytes: which are sound, which are not and why. No cell becomes text here.

Quotation marks, separators and line ends are found with numpy over a whole block at once, so that a sound file
costs little, and a broken row is known by its place before the parser sees it.
"""

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tallyroll.connectors.csvfile.faults import Rows

MAX_ROW = 65_536  # bytes; a register's row has some forty
QUOTE, LF, NUL = ord('"'), ord("\n"), 0

Bytes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Faulty:
    """Rows that one check left out, and where their bytes begin and end in the block."""

    check: str
    rows: Rows
    starts: Rows
    ends: Rows


@dataclass(frozen=True, slots=True)
class Survey:
    """What a block of lines holds.

    `clean` is the text of the sound rows only, `rows` their numbers (a spreadsheet's: a cell with a line break is
    still one row), `faults` the rows that were left out, `n_rows` how many rows the block has in all, and
    `used` how many of its bytes were read: the rest is the beginning of a row that the block cuts off.
    """

    clean: bytes
    rows: Rows
    faults: tuple[Faulty, ...]
    n_rows: int
    used: int
    broken_cells: bool


@dataclass(frozen=True, slots=True)
class _Lines:
    """A block cut into lines, with the marks in it found."""

    data: Bytes
    starts: Rows
    ends: Rows  # of the line feeds
    n_quotes: Rows
    n_separators: Rows  # outside quotation marks
    misplaced: Flags


def survey(block: bytes, *, separator: bytes, n_fields: int, first_row: int, last: bool) -> Survey:
    """Sort the rows of a block whose every line ends in LF; `last` says that nothing follows it."""
    lines = _cut(block, ord(separator))
    follows, unclosed, n_lines = _join(lines, separator=separator, n_fields=n_fields, last=last)
    lengths = lines.ends - lines.starts
    joined = np.zeros_like(follows)
    joined[:-1] = follows[1:]
    whole = ~(follows | joined)  # lines that are a row by themselves
    surplus = lines.n_separators + 1 - n_fields
    blank = whole & (lengths == lines.n_separators)
    trimmed = whole & (surplus > 0) & _ends_in_separators(lines, surplus, ord(separator))
    rules: tuple[tuple[str, Flags], ...] = (
        ("csv_nul", _with_byte(block, lines, NUL)),
        ("csv_row_long", lengths > MAX_ROW),
        ("csv_quote_unclosed", unclosed),
        ("csv_quote_misplaced", whole & lines.misplaced),
        ("csv_rows_blank", blank),
        ("csv_fields_few", whole & (surplus < 0)),
        ("csv_fields_many", whole & (surplus > 0) & ~trimmed),
    )
    return _sorted(lines, rules, follows=follows, trim=np.where(trimmed, surplus, 0), first_row=first_row, n=n_lines)


def _cut(block: bytes, separator: int) -> _Lines:
    data = np.frombuffer(block, dtype=np.uint8)
    ends = np.flatnonzero(data == LF)
    starts = np.concatenate(([0], ends[:-1] + 1))
    separators = np.flatnonzero(data == separator)
    n_separators = np.diff(np.searchsorted(separators, ends), prepend=0)
    n_quotes: Rows = np.zeros_like(ends)
    misplaced = np.zeros(ends.size, dtype=np.bool_)
    if bytes([QUOTE]) in block:
        is_quote = data == QUOTE
        quotes = np.flatnonzero(is_quote)
        n_quotes = np.diff(np.searchsorted(quotes, ends), prepend=0)
        parity = np.cumsum(is_quote.view(np.uint8), dtype=np.uint8) % 2  # it may wrap round: 256 is even
        before = np.concatenate(([0], parity[ends[:-1]]))
        outside = parity[separators] == np.repeat(before, n_separators)
        n_separators = np.diff(np.searchsorted(separators[outside], ends), prepend=0)
        misplaced[np.searchsorted(ends, _stray(data, quotes, n_quotes, separator))] = True
    return _Lines(data, starts, ends, n_quotes, n_separators, misplaced)


def _stray(data: Bytes, quotes: Rows, n_quotes: Rows, separator: int) -> Rows:
    """Where quotation marks stand that neither open a cell nor close one nor are doubled."""
    number = np.arange(quotes.size) - np.repeat(np.cumsum(n_quotes) - n_quotes, n_quotes)  # within the line
    beside = data[quotes + np.where(number % 2, 1, -1)]  # before one that opens, after one that closes
    beside[0] = LF if quotes[0] == 0 else beside[0]
    stray: Rows = quotes[(beside != separator) & (beside != LF) & (beside != QUOTE)]
    return stray


def _join(lines: _Lines, *, separator: bytes, n_fields: int, last: bool) -> tuple[Flags, Flags, int]:
    """Which lines continue the row before them, which have an unclosed quotation mark, and how many can be judged.

    A line with an odd number of quotation marks begins a cell with a line break, if the text up to the next such
    line is a row of the right width; otherwise its quotation mark is not closed, and only that line is lost.
    """
    follows = np.zeros(lines.ends.size, dtype=np.bool_)
    unclosed = np.zeros(lines.ends.size, dtype=np.bool_)
    odd = np.flatnonzero(lines.n_quotes % 2).tolist()
    row = _row_pattern(separator, n_fields)
    at = 0
    while at < len(odd):
        start = odd[at]
        close = odd[at + 1] if at + 1 < len(odd) else None
        if close is None and not last and lines.data.size - lines.starts[start] <= MAX_ROW:
            return follows, unclosed, start
        if close is not None and _is_row(lines, start, close, row):
            follows[start + 1 : close + 1] = True
            at += 2
        else:
            unclosed[start] = True
            at += 1
    return follows, unclosed, lines.ends.size


def _row_pattern(separator: bytes, n_fields: int) -> re.Pattern[bytes]:
    one = rb'(?:"[^"]*+(?:""[^"]*+)*+"|[^"\n' + re.escape(separator) + rb"]*+)"
    return re.compile(one + rb"(?:" + re.escape(separator) + one + rb"){%d}" % (n_fields - 1))


def _is_row(lines: _Lines, start: int, close: int, row: re.Pattern[bytes]) -> bool:
    text = lines.data[lines.starts[start] : lines.ends[close]]
    return text.size <= MAX_ROW and NUL not in text and row.fullmatch(text.tobytes()) is not None


def _with_byte(block: bytes, lines: _Lines, byte: int) -> Flags:
    flags = np.zeros(lines.ends.size, dtype=np.bool_)
    if bytes([byte]) in block:
        flags[np.searchsorted(lines.ends, np.flatnonzero(lines.data == byte))] = True
    return flags


def _ends_in_separators(lines: _Lines, surplus: Rows, separator: int) -> Flags:
    """Which lines have nothing but separators in their surplus cells, so that these can be cut off."""
    empty = surplus > 0
    for back in range(1, int(surplus.max(initial=0)) + 1):
        due = np.flatnonzero(empty & (surplus >= back))
        if not due.size:
            break
        empty[due] = lines.data[lines.ends[due] - back] == separator
    return empty


def _sorted(
    lines: _Lines, rules: tuple[tuple[str, Flags], ...], *, follows: Flags, trim: Rows, first_row: int, n: int
) -> Survey:
    number = first_row - 1 + np.cumsum(~follows)
    lengths = lines.ends - lines.starts
    out = np.zeros(follows.size, dtype=np.bool_)
    out[n:] = True
    faults = []
    for check, flags in rules:
        found = np.flatnonzero(flags & ~out)
        out |= flags
        if check == "csv_rows_blank":
            found = found[lengths[found] > 0]  # an empty line says nothing; a row of commas was a row once
        if found.size:
            faults.append(Faulty(check, number[found], lines.starts[found], lines.ends[found]))
    kept = ~out & ~follows
    return Survey(
        clean=_without(lines, out=out, trim=np.where(out, 0, trim)),
        rows=number[kept],
        faults=tuple(faults),
        n_rows=int(number[n - 1]) - first_row + 1 if n else 0,
        used=int(lines.ends[n - 1]) + 1 if n else 0,
        broken_cells=bool(np.any(follows & ~out)),
    )


def _without(lines: _Lines, *, out: Flags, trim: Rows) -> bytes:
    """The block without the lines that are out and without the surplus separators."""
    if not (out.any() or trim.any()):
        return lines.data[: lines.ends[-1] + 1].tobytes()
    edge = np.zeros(lines.data.size + 1, dtype=np.int8)
    edge[lines.starts[out]] += 1
    edge[lines.ends[out] + 1] -= 1
    cut = trim > 0
    edge[lines.ends[cut] - trim[cut]] += 1
    edge[lines.ends[cut]] -= 1
    drop = np.cumsum(edge[:-1], dtype=np.int8) > 0
    drop[lines.ends[-1] + 1 :] = True
    return lines.data[~drop].tobytes()
