"""What the checker says: one result for every check of every file, and whether the whole folder passes."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

API_STAGE = "check_api"


class Outcome(StrEnum):
    """FAIL stops a release; WARN is for somebody to look at; NOT_RUN: an earlier stage failed."""

    PASS = "PASS"  # noqa: S105 - an outcome, not a password
    FAIL = "FAIL"
    WARN = "WARN"
    NOT_RUN = "NOT_RUN"


@dataclass(frozen=True, slots=True)
class Result:
    """What one check found in one file; `where` names up to ten places."""

    check: str
    stage: str
    outcome: Outcome
    message: str
    where: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FileReport:
    """Every check of one data file with its meta file."""

    name: str
    results: tuple[Result, ...]

    @property
    def passed(self) -> bool:
        """Whether every check ran and none failed."""
        return all(result.outcome in (Outcome.PASS, Outcome.WARN) for result in self.results)

    @property
    def api_suitable(self) -> bool:
        """Whether the file passed, and nothing of the API's stage asks for a look."""
        from_api = [result for result in self.results if result.stage == API_STAGE]
        return self.passed and all(result.outcome is Outcome.PASS for result in from_api)

    @property
    def faults(self) -> tuple[Result, ...]:
        """What failed or warned, in the order of the checks."""
        return tuple(result for result in self.results if result.outcome in (Outcome.FAIL, Outcome.WARN))


@dataclass(frozen=True, slots=True)
class Report:
    """Every file of a folder."""

    folder: Path
    files: tuple[FileReport, ...]

    @property
    def passed(self) -> bool:
        """Whether every file passed."""
        return all(file.passed for file in self.files)

    @property
    def api_suitable(self) -> bool:
        """Whether every file is fit for the API."""
        return all(file.api_suitable for file in self.files)

    def as_dict(self) -> dict[str, object]:
        """The same as plain values, for `--json`."""
        return {
            "folder": str(self.folder),
            "passed": self.passed,
            "api_suitable": self.api_suitable,
            "files": [_file_as_dict(file) for file in self.files],
        }


def _file_as_dict(file: FileReport) -> dict[str, object]:
    return {
        "name": file.name,
        "passed": file.passed,
        "api_suitable": file.api_suitable,
        "results": [
            {
                "check": result.check,
                "stage": result.stage,
                "outcome": str(result.outcome),
                "message": result.message,
                "where": list(result.where),
            }
            for result in file.results
        ],
    }
