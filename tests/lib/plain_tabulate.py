"""A second implementation of the weekly and year-to-date tables: dictionaries and fractions, no library of tables.

Written from the department's rules (docs/explanation/estimation.md), not from the code under test. Slow and plain.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

Number = Fraction | None  # None: not known
Key = tuple[object, ...]
Row = Mapping[str, Any]  # text, dates and numbers, as the tests write them

HOLIDAY = date(2022, 9, 19)
RATES_OF_EVERY_YEAR = {
    "attendance_perc": "overall_attendance",
    "overall_absence_perc": "overall_absence",
    "authorised_absence_perc": "authorised_absence",
    "unauthorised_absence_perc": "unauthorised_absence",
    "illness_perc": "reason_i_authorised_illness",
    "appointments_perc": "reason_m_authorised_medical_dental",
    "auth_religious_perc": "reason_r_authorised_religious_observance",
    "auth_study_perc": "reason_s_authorised_study_leave",
    "auth_excluded_perc": "reason_e_authorised_excluded",
    "auth_other_perc": "reason_c_authorised_other",
    "unauth_hol_perc": "reason_g_unauthorised_holiday",
    "unauth_late_registers_closed_perc": "reason_u_unauthorised_late_after_registers_closed",
    "unauth_oth_perc": "reason_o_other_unauthorised",
    "unauth_not_yet_perc": "reason_n_no_reason_yet",
}
RATES_FROM_2024 = {
    "auth_mob_perc": "reason_t_authorised_mobile_child",
    "auth_performance_perc": "reason_c1_authorised_regulated_performance",
    "auth_interview_perc": "reason_j1_authorised_interview",
    "auth_part_time_perc": "reason_c2_authorised_temp_reduced_timetable",
}


def add(values: Iterable[Number]) -> Number:
    """The sum; not known when any of it is not."""
    total = Fraction(0)
    for value in values:
        if value is None:
            return None
        total += value
    return total


def divide(above: Number, below: Number) -> Number:
    """The quotient; not known when a part is not known or nothing can be divided by."""
    return None if above is None or not below else above / below


def mean(values: Sequence[Number]) -> Number:
    """The arithmetic mean."""
    return divide(add(values), Fraction(len(values)))


def number(value: object) -> Number:
    """An exact number, or None."""
    return None if value is None else Fraction(str(value))


def tables(
    rows: Sequence[Row],
    heads: Mapping[Key, tuple[object, object]],
    *,
    weighted: bool,
    first: date,
    last: date,
    phase: str = "education_phase",
) -> tuple[dict[Key, dict[str, Number]], dict[Key, dict[str, Number]]]:
    """The weekly and the year-to-date table: {(window, level, region, authority, phase): {column: number}}."""
    days = [row for row in rows if first <= row["attendance_date"] <= last and row["attendance_date"] != HOLIDAY]
    start = first.year if first.month >= 9 else first.year - 1
    year = (f"{start}{str(start + 1)[2:]}", "Academic year")

    def week(row: Row) -> Key:
        iso = row["attendance_date"].isocalendar()
        return (str(iso.year), f"Week {iso.week}")

    return (
        _table(days, heads, window=week, weighted=weighted, phase=phase),
        _table(days, heads, window=lambda _: year, weighted=weighted, phase=phase),
    )


def _table(
    days: Sequence[Row],
    heads: Mapping[Key, tuple[object, object]],
    *,
    window: Callable[[Row], Key],
    weighted: bool,
    phase: str,
) -> dict[Key, dict[str, Number]]:
    groups: dict[Key, list[Row]] = defaultdict(list)
    for row in days:
        area = (row["geographic_level"], row["region_name"], row["la_name"])
        groups[(*window(row), *area, row[phase])].append(row)
    made = {key: _phase_row(group, heads.get(key[2:], (None, None))) for key, group in groups.items()}
    by_area: dict[Key, list[dict[str, Number]]] = defaultdict(list)
    for key, cells in made.items():
        by_area[key[:-1]].append(cells)
    for key, parts in by_area.items():
        if weighted and key[2] == "Local authority":
            continue
        made[(*key, "Total")] = _weighted_total(parts) if weighted else _pooled_total(parts)
    return made


def _phase_row(group: Sequence[Row], heads: tuple[object, object]) -> dict[str, Number]:
    counts = [name for name in group[0] if name.endswith(("_sessions", "_absence", "_attendance", "_activity"))]
    counts += [name for name in group[0] if name.startswith("reason_") and name not in counts]
    cells = {name: mean([number(row[name]) for row in group]) for name in ("num_schools", "enrolments")}
    cells |= {name: add(number(row[name]) for row in group) for name in counts}
    cells |= dict(zip(("total_num_schools", "total_enrolments"), map(number, heads), strict=True))
    return cells | _rates(cells)


def _rates(cells: Mapping[str, Number]) -> dict[str, Number]:
    names = RATES_OF_EVERY_YEAR | RATES_FROM_2024
    rates = {rate: divide(cells[above], cells["possible_sessions"]) for rate, above in names.items()}
    return {rate: None if value is None else 100 * value for rate, value in rates.items()}


def _pooled_total(parts: Sequence[dict[str, Number]]) -> dict[str, Number]:
    cells = {name: add(part[name] for part in parts) for name in parts[0] if not name.endswith("_perc")}
    return cells | _rates(cells)


def _weighted_total(parts: Sequence[dict[str, Number]]) -> dict[str, Number]:
    cells = _pooled_total(parts)
    for name in (name for name in cells if name.endswith("_perc")):
        scaled = [_times(part[name], part["total_enrolments"]) for part in parts]
        cells[name] = divide(add(scaled), add(part["total_enrolments"] for part in parts))
    return cells


def _times(left: Number, right: Number) -> Number:
    return None if left is None or right is None else left * right
