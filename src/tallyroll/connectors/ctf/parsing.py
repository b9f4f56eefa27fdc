"""Parsing a Common Transfer File: wanted elements only, pushed through the parser piece by piece.

Text outside the wanted elements (names, birth dates, addresses) is never handed over by the parser at all. Entities
and document type definitions are refused, for a school's file has no use for them and an attacker's has.
Source: domain notes 5.4: header from DFE-Digital/get-information-about-pupils (S), attendance and school history from
Follett's reader (C). Elements are compared without regard to case, since writers differ (CTFversion, CTFVersion).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import ParseError  # the exception only: defusedxml does the parsing
from xml.parsers.expat import XMLParserType  # the type only

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from tallyroll.vocab.errors import InputProblem

PIECE = 1 << 16
DEEPEST = 40

HEADER = {
    "header/ctfversion": "version",
    "header/sourceschool/lea": "la",
    "header/sourceschool/estab": "establishment",
    "header/sourceschool/schoolname": "name",
}
_PUPIL = "ctfpupildata/pupil"
_HISTORY = f"{_PUPIL}/schoolhistory/school"
_YEAR = f"{_PUPIL}/attendance/yeardata"
PUPIL = {f"{_PUPIL}/upn": "upn", f"{_PUPIL}/sex": "sex", f"{_PUPIL}/gender": "sex"}
ENROLMENT = {
    f"{_HISTORY}/lea": "la",
    f"{_HISTORY}/estab": "establishment",
    f"{_HISTORY}/entrydate": "entry",
    f"{_HISTORY}/leavingdate": "leaving",
}
YEAR = {f"{_YEAR}/lea": "la", f"{_YEAR}/estab": "establishment"}
SESSIONS = {
    f"{_YEAR}/attendsessions/attendancestartdate": "start",
    f"{_YEAR}/attendsessions/attendancemarks": "marks",
}

Facts = dict[str, str]


@dataclass(slots=True)
class Year:
    """Attendance at one school in one year: where, and each run of marks with its first day."""

    facts: Facts = field(default_factory=dict)
    runs: list[Facts] = field(default_factory=list)


@dataclass(slots=True)
class Pupil:
    """One pupil: the place in the file (from 1), key and sex, enrolments, attendance."""

    place: int
    facts: Facts = field(default_factory=dict)
    enrolments: list[Facts] = field(default_factory=list)
    years: list[Year] = field(default_factory=list)


class _Target:
    """What the parser tells of: it keeps the text of wanted elements and forgets everything else."""

    def __init__(self, wanted: frozenset[str]) -> None:
        self.wanted = wanted
        self.header: Facts = {}
        self.header_ended = False
        self.done: list[Pupil] = []
        self.expat: XMLParserType | None = None
        self._pupil = Pupil(0)
        self._path: list[str] = []
        self._text: list[str] | None = None

    def start(self, tag: str, _attributes: object) -> None:
        """An element begins."""
        self._path.append(tag.rsplit("}", 1)[-1].casefold())
        if self._path[0] != "ctfile" or len(self._path) > DEEPEST:
            raise _NotCtf
        path = "/".join(self._path[1:])
        if path == _PUPIL:
            self._pupil = Pupil(self._pupil.place + 1)
        elif path == _HISTORY:
            self._pupil.enrolments.append({})
        elif path == _YEAR:
            self._pupil.years.append(Year())
        elif path == f"{_YEAR}/attendsessions":
            self._pupil.years[-1].runs.append({})
        self._listen([] if path in self.wanted else None)

    def _listen(self, text: list[str] | None) -> None:
        """Let the parser hand over text only inside wanted elements: other text never becomes an object."""
        self._text = text
        if self.expat is not None:
            self.expat.CharacterDataHandler = None if text is None else text.append

    def end(self, _tag: str) -> None:
        """An element ends."""
        path = "/".join(self._path[1:])
        if self._text is not None:
            self._keep(path, "".join(self._text))
        self._listen(None)
        self._path.pop()
        if path == "header":
            self.header_ended = True
        elif path == _PUPIL:
            self.done.append(self._pupil)

    def _keep(self, path: str, text: str) -> None:
        if path in HEADER:
            self.header[HEADER[path]] = text.strip()
        elif path in PUPIL:
            self._pupil.facts[PUPIL[path]] = text.strip()
        elif path in ENROLMENT:
            self._pupil.enrolments[-1][ENROLMENT[path]] = text.strip()
        elif path in YEAR:
            self._pupil.years[-1].facts[YEAR[path]] = text.strip()
        else:
            self._pupil.years[-1].runs[-1][SESSIONS[path]] = text.strip("\r\n\t")  # a blank is a session


class _NotCtf(Exception):
    """The root is another element, or elements lie too deep."""


def read_header(path: Path) -> Facts:
    """The file's version and source school; InputProblem when it is no Common Transfer File."""
    target = _Target(frozenset(HEADER))
    for _ in _fed(path, target):
        if target.header_ended:
            break
    return target.header


def read_pupils(path: Path, *, wanted: frozenset[str]) -> Iterator[Pupil]:
    """The file's pupils, one after the other; of each only the wanted elements.

    Raises: InputProblem when the file is not well-formed or ends too soon, or defines entities.
    """
    target = _Target(wanted)
    for _ in _fed(path, target):
        yield from target.done
        target.done.clear()
    yield from target.done


def _fed(path: Path, target: _Target) -> Iterator[None]:
    """Feed the file to the target, with a stop after each piece."""
    parser = DefusedXMLParser(target=target, forbid_dtd=True)
    target.expat = parser.parser
    target.expat.DefaultHandlerExpand = None  # it would be given the text that nobody else wants
    try:
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                parser.feed(piece)
                yield
            parser.close()
    except (_NotCtf, DefusedXmlException, ParseError, LookupError, ValueError) as error:
        raise _problem(error, path) from None


def _problem(error: Exception, path: Path) -> InputProblem:
    again = "Export the file again from the information system."
    if isinstance(error, _NotCtf):
        return InputProblem("The file is not a Common Transfer File (CTfile).", where=path.name, mend=again)
    if isinstance(error, DefusedXmlException):
        return InputProblem(
            "The file has a document type definition or entities, which may be an attack.",
            where=path.name,
            mend=f"{again} A genuine Common Transfer File has neither.",
        )
    if isinstance(error, ParseError):
        line, column = error.position
        return InputProblem(
            f"The file is not well-formed XML, or it ends too soon: line {line}, column {column + 1}.",
            where=path.name,
            mend=again,
        )
    return InputProblem("The file is in an encoding that cannot be read.", where=path.name, mend=again)
