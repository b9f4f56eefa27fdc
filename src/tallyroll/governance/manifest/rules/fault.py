"""What a rule finds, and what a text must be to say something."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from tallyroll.governance.manifest.whole import Manifest


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a manifest, at which clause, how to mend it, and which requirements say so."""

    clause: str
    what: str
    mend: str
    rows: tuple[str, ...]


Rule = Callable[[Manifest], Iterator[Fault]]
DatedRule = Callable[[Manifest, date], Iterator[Fault]]

_PART = r"(section|regulation|article|paragraph|schedule|chapter)s?\s*\d"
_LAW = r"\b(Act|Regulations?|Order|Rules|Schedule|GDPR|SI \d{4}/\d+)\b"


def unfilled(text: str) -> bool:
    """Whether a text still waits for its author: <like this>."""
    return bool(re.search(r"<[^<>]*>", text))


def thin(text: str, *, words: int = 8) -> bool:
    """Whether a text has fewer different words than it needs to say anything; what waits for its author has not."""
    return not unfilled(text) and len(set(re.findall(r"\w+", text.casefold()))) < words


def specific(enactment: str) -> bool:
    """Whether a law is named with its section, regulation, article, paragraph or schedule."""
    return unfilled(enactment) or bool(re.search(_LAW, enactment) and re.search(_PART, enactment, re.IGNORECASE))
