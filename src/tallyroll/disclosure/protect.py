"""The disclosure profiles. Both here reproduce the department's files and are open to subtraction."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum

import pyarrow as pa
import pyarrow.compute as pc

from tallyroll.disclosure.protected import Protected, ProtectedTable, sealed
from tallyroll.vocab.errors import ProtectionProblem, UsageProblem

CONFIDENTIAL, NOT_APPLICABLE, NOT_AVAILABLE = "c", "z", "x"
"""Symbols of the EES data standard (GSS): hidden; no rate, for no session was possible; not known."""


class Profile(StrEnum):
    """A set of rules for hiding cells.

    `dfe-single-school` hides an authority's row when exactly one school stands behind it. `dfe-as-published` is the
    same from the release of 23 February 2023 (days to 10 February 2023) on and hides nothing before, as the
    department did: for reproducing its old files, never for publishing.
    """

    SINGLE_SCHOOL = "dfe-single-school"
    AS_PUBLISHED = "dfe-as-published"


FIRST_HIDDEN = date(2023, 2, 10)

_LEVELS = pa.array(["National", "Regional", "Local authority"])

_PLACE_AND_TIME = frozenset(
    {
        "time_period",
        "time_identifier",
        "geographic_level",
        "country_code",
        "country_name",
        "region_code",
        "region_name",
        "new_la_code",
        "la_name",
        "old_la_code",
        "attendance_date",
        "education_phase",
        "school_type",
        "breakdown_topic",
        "breakdown",
    }
)


def protect(tables: Mapping[str, pa.Table], *, profile: str, last: date) -> Protected:
    """The tables, whose days end at `last`, as they may be published: each cell a number or a symbol.

    A count that is null was hidden before it came here, and stays hidden.
    Source: the department's rule, as read in its published files of 2022 to 2026.
    """
    try:
        chosen = Profile(profile)
    except ValueError as error:
        raise UsageProblem(f"There is no profile '{profile}'.", mend=f"Known: {', '.join(Profile)}.") from error
    hiding = chosen is Profile.SINGLE_SCHOOL or last >= FIRST_HIDDEN
    done = [_protect_one(name, table, hiding=hiding) for name, table in tables.items()]
    return sealed(done, profile=profile, open_to_subtraction=True)


def _protect_one(name: str, table: pa.Table, *, hiding: bool) -> ProtectedTable:
    level = table["geographic_level"]
    if not pc.all(pc.is_in(level, value_set=_LEVELS), min_count=0).as_py():
        raise ProtectionProblem(
            f"The table {name} holds an area of a level that the profile has no rule for.",
            mend=f"Known: {', '.join(_LEVELS.to_pylist())}.",
        )
    hidden = pc.is_null(table["possible_sessions"]) if "possible_sessions" in table.column_names else None
    one_school = pc.and_kleene(pc.equal(level, "Local authority"), pc.equal(table["num_schools"], 1.0))
    hide = pc.and_(pc.fill_null(one_school, True), hiding)  # a number of schools that is not known may be one
    hide = hide if hidden is None else pc.or_(hide, hidden)
    stays = _PLACE_AND_TIME | _school_counts(table)
    columns = {
        column: table[column] if column in stays else _hide(column, table, hide) for column in table.column_names
    }
    return ProtectedTable(name, pa.table(columns), pc.sum(hide).as_py() or 0)


def _school_counts(table: pa.Table) -> frozenset[str]:
    """Numbers of schools that a hidden row keeps: to 2024/25 (`school_type`) the census figure was hidden too."""
    return frozenset({"num_schools"} if "school_type" in table.column_names else {"num_schools", "total_num_schools"})


def _hide(name: str, table: pa.Table, hide: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column with symbols where there is no number to show; still numbers where every row has one."""
    column = table[name]
    if not pc.any(hide).as_py() and not column.null_count:
        return column
    symbol = NOT_APPLICABLE if name.endswith("_perc") else NOT_AVAILABLE
    return pc.if_else(hide, CONFIDENTIAL, pc.fill_null(as_text(column), symbol))


def as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Numbers as the shortest text that gives the same number back, whole ones without a point."""
    return column if pa.types.is_string(column.type) else pc.cast(column, pa.string())
