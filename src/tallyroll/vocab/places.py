"""Places: England, its nine regions and the 153 local authorities that publish attendance.

Source: derived from the department's own 2025/26 year-to-date file (GSS codes, old LA codes, names as published).
"""

from csv import DictReader
from dataclasses import dataclass
from importlib.resources import files

COUNTRY_CODE = "E92000001"
COUNTRY_NAME = "England"


@dataclass(frozen=True, slots=True, order=True)
class Region:
    """One of the nine regions of England."""

    code: str
    name: str


@dataclass(frozen=True, slots=True, order=True)
class LocalAuthority:
    """A local authority: `old_code` (three digits) is what schools and LAESTABs use, `code` what statistics use."""

    old_code: str
    code: str
    name: str
    region: Region


def _read_authorities() -> tuple[LocalAuthority, ...]:
    text = files(__package__).joinpath("data/local_authorities.csv").read_text(encoding="utf-8")
    return tuple(
        LocalAuthority(
            row["old_la_code"],
            row["new_la_code"],
            row["la_name"],
            Region(row["region_code"], row["region_name"]),
        )
        for row in DictReader(text.splitlines())
    )


AUTHORITIES: tuple[LocalAuthority, ...] = _read_authorities()
"""The 153 local authorities of England, in the order of their old codes."""

CODES_BEFORE_2023: dict[str, str] = {"E10000006": "Cumbria", "E10000023": "North Yorkshire", "E10000027": "Somerset"}
"""GSS codes that ended on 31 March 2023, when Cumbria was divided and the other two were recoded; files of 2022 and
early 2023 still carry them."""

KNOWN_CODES: frozenset[str] = frozenset({la.code for la in AUTHORITIES} | set(CODES_BEFORE_2023))
"""Every authority code that a file since 2022 may carry."""

BY_OLD_CODE: dict[str, LocalAuthority] = {la.old_code: la for la in AUTHORITIES}
REGIONS: tuple[Region, ...] = tuple(sorted({la.region for la in AUTHORITIES}))
"""The nine regions, in the order of their codes."""
