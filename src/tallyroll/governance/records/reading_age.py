"""How old a reader must be for a text: the Flesch-Kincaid grade of its prose, and five years.

Syllables are counted by rule, not looked up, so that the figure needs no dictionary and is the same everywhere.
Source: Kincaid, Fishburne, Rogers and Chissom, "Derivation of New Readability Formulas", Naval Technical Training
Command, Research Branch Report 8-75, 1975. A pupil of grade n in the United States is about n + 5 years old.
"""

import re
from html.parser import HTMLParser

CHILD, PARENT = 11.0, 14.0
"""The oldest reading age that a page for children, and one for parents, may ask for (LAW-12)."""

_BLOCKS = re.compile(r"address|caption|d[dlt]|div|footer|h[1-6]|header|li|main|nav|[ou]l|p|section|t(able|[dhr]|itle)")
_UNREAD = frozenset(("code", "script", "style", "svg"))  # digests, addresses and pictures are not prose
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d+")
_SENTENCE = re.compile(r"[.!?]+(?=\s|$)|\n+")
_SILENT = (
    re.compile(r"(?<=[^aeiouyl])e$"),  # home, but little
    re.compile(r"(?<=[aeiouy]l)e$"),  # rule
    re.compile(r"(?<=[^aeiouytd])ed$"),  # changed, but counted
    re.compile(r"(?<=[^aeiouysxzcghl])es$|(?<=[aeiouy]l)es$"),  # names, rules, but places, tables
    re.compile(r"(?<=[^aeiouysxzcg])e(?=ly$|ment|ful|less)"),  # safely, statement
)
_APART = re.compile(
    r"i(?:a(?!ge|n$|l)|o(?!n|us)|u[ms]|e(?:nc|t$|ty))|[aeou]ing$|ea$|eo(?!us|p)|(?<=[^aeiou])y[ao]|ua(?!l$|r)|sm$"
)


def grade(*, words: int, sentences: int, syllables: int) -> float:
    """The Flesch-Kincaid grade of a text with so many words, sentences and syllables."""
    return 0.39 * words / sentences + 11.8 * syllables / words - 15.59


def reading_age(text: str) -> float:
    """The reading age of plain prose, in years; 0 where there is none. The end of a line ends a sentence."""
    sentences = [found for part in _SENTENCE.split(text) if (found := _WORD.findall(part))]
    words = [word for sentence in sentences for word in sentence]
    if not words:
        return 0.0
    return grade(words=len(words), sentences=len(sentences), syllables=sum(map(syllables, words))) + 5


def page_age(html: str) -> float:
    """The reading age of a page: of all its words, or of its whole sentences alone, whichever is the higher.

    Headings and the cells of tables are short; by themselves they would make hard sentences look easy.
    """
    said = prose(html)
    whole = [line for line in said.splitlines() if line.endswith((".", "?", "!", ":"))]
    return max(reading_age(said), reading_age("\n".join(whole)))


def syllables(word: str) -> int:
    """How many syllables an English word has, by rule; a number counts as one, and initials are spelt out."""
    if word.isupper() and 1 < len(word) < 5:
        return len(word)
    bare = re.sub(r"['’]", "", word.casefold())
    for silent in _SILENT:
        bare = silent.sub("", bare)
    groups = len(re.findall(r"[aeiouy]+", bare))
    return max(1, groups + len(_APART.findall(bare)))


def prose(html: str) -> str:
    """What a page says in words, a block a line: no markup, digests, addresses or pictures."""
    reader = _Prose()
    reader.feed(html)
    reader.close()
    return re.sub(r"\s*\n\s*", "\n", re.sub(r"[^\S\n]+", " ", "".join(reader.said))).strip()


class _Prose(HTMLParser):
    """Collects what is read aloud, with a line's end wherever a block begins or ends."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self._unread = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unread += tag in _UNREAD
        self._cut(tag)

    def handle_endtag(self, tag: str) -> None:
        self._unread -= tag in _UNREAD
        self._cut(tag)

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self.said.append(re.sub(r"\s+", " ", data))

    def _cut(self, tag: str) -> None:
        if _BLOCKS.fullmatch(tag):
            self.said.append("\n")
