"""A school's calendar as JSON text, the way the store keeps it."""

import json
from datetime import date
from functools import lru_cache

from tallyroll.vocab.periods import Session
from tallyroll.vocab.schools import SchoolCalendar, Term


@lru_cache(maxsize=4096)  # of schools that are kept again and again; their calendars seldom change
def calendar_to_json(calendar: SchoolCalendar) -> str:
    """The calendar as canonical JSON: equal calendars give equal text."""
    tree = {
        "terms": [
            [term.name, *(str(day) for day in (term.first, term.last, term.half_term_first, term.half_term_last))]
            for term in calendar.terms
        ],
        "closed": sorted(str(day) for day in calendar.closed),
        "closed_sessions": sorted([str(day), str(session)] for day, session in calendar.closed_sessions),
    }
    return json.dumps(tree, separators=(",", ":"), ensure_ascii=False)


def calendar_from_json(text: str) -> SchoolCalendar:
    """The calendar in this text, which `calendar_to_json` wrote."""
    tree = json.loads(text)
    day = date.fromisoformat
    return SchoolCalendar(
        terms=tuple(Term(name, *(day(one) for one in days)) for name, *days in tree["terms"]),
        closed=frozenset(day(one) for one in tree["closed"]),
        closed_sessions=frozenset((day(one), Session(session)) for one, session in tree["closed_sessions"]),
    )
