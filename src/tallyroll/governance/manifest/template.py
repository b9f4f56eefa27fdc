"""A starting point for authors: every field explained, the least asked for, and what they must say left to them."""

import re
from datetime import date, timedelta
from importlib.resources import files

_TABLE = re.compile(r"#?\[+([\w.]+)\]+")
_KEY = re.compile(r"#?(\w+) = ")
_FIRST, _LAST = "2000-01-01", "2000-12-31"  # stand in the template for the first and the last day
_LIFE = timedelta(days=364)


def template(*, on: date) -> str:
    """The TOML of a new assessment that begins on this day; `check` reads it and names what is left to write."""
    return _text().replace(_FIRST, on.isoformat()).replace(_LAST, (on + _LIFE).isoformat())


def explanations() -> dict[str, str]:
    """What each field says, by its clause: the comment above it in the template."""
    found: dict[str, str] = {}
    table, comment = "", ""
    for line in _text().splitlines():
        if line.startswith("# "):
            comment = line.removeprefix("# ")
        elif header := _TABLE.fullmatch(line):
            table = header[1]
        elif key := _KEY.match(line):
            found.setdefault(f"{table}.{key[1]}", comment)
            comment = ""
    return found


def _text() -> str:
    return files("tallyroll.governance").joinpath("data/template.toml").read_text(encoding="utf-8")
