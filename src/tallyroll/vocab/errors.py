"""The tree of errors: everything a person can mend is a `Problem`; anything else is a bug.

    Problem                 exit code   meaning
    ├── UsageProblem        2           the call, a setting or a file's place is wrong
    ├── Refused             3           the gate said no, with the clause that decided
    ├── InputProblem        4           input cannot be used, or has findings
    │   └── SourceProblem   4           a school's information system did not answer as agreed
    ├── ProtectionProblem   5           disclosure control could not protect a table
    └── VerificationProblem 6           bytes, counts or signatures do not agree

A Problem says what went wrong, where, and how to mend it. It never holds a pupil's data: give the row number.
"""

from typing import ClassVar


class Problem(Exception):
    """Something a person can mend: shown as one message, without a traceback."""

    exit_code: ClassVar[int] = 2

    def __init__(self, what: str, *, where: str = "", mend: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.mend = mend

    def __reduce__(self) -> tuple[object, ...]:
        """As it was, in another process too."""
        return _again, (type(self), vars(self))

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        cure = f" {self.mend}" if self.mend else ""
        return f"{place}{self.what}{cure}"


def _again(kind: type[Problem], facts: dict[str, object]) -> Problem:
    made = kind.__new__(kind, facts["what"])
    vars(made).update(facts)
    return made


class UsageProblem(Problem):
    """The call, a setting or a file's place is wrong."""

    exit_code = 2


class Refused(Problem):
    """The gate said no; `clause` is the manifest clause that decided."""

    exit_code = 3

    def __init__(self, what: str, *, clause: str, where: str = "", mend: str = "") -> None:
        super().__init__(what, where=where, mend=mend)
        self.clause = clause

    def __str__(self) -> str:
        return f"{super().__str__()} [{self.clause}]"


class InputProblem(Problem):
    """Input cannot be used, or has findings that somebody must mend."""

    exit_code = 4


class SourceProblem(InputProblem):
    """A school's information system did not answer as agreed; `retriable` says whether later may help."""

    def __init__(self, what: str, *, where: str = "", mend: str = "", retriable: bool = False) -> None:
        super().__init__(what, where=where, mend=mend)
        self.retriable = retriable


class ProtectionProblem(Problem):
    """Disclosure control could not make a table safe."""

    exit_code = 5


class VerificationProblem(Problem):
    """Bytes, counts or signatures do not agree."""

    exit_code = 6
