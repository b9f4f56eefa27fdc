"""Layouts of the department's area files: which columns, under which names, in which order, from when.

A file's layout follows from the columns of the daily tallies it is made from: the department renamed and added
columns in 2024 (codes C1, C2, J1, K; `grt` became `mobile_child`) and renamed `school_type` in 2025.
Source: the published files of 2022 to 2026 (Explore Education Statistics, pupil attendance in schools).
"""

from collections.abc import Collection
from dataclasses import dataclass

AREA = (
    "geographic_level",
    "country_code",
    "country_name",
    "region_code",
    "region_name",
    "new_la_code",
    "la_name",
    "old_la_code",
)
"""The columns that name an area, in the order of the files."""

MEANS = ("num_schools", "enrolments")
"""Columns that are averaged over days; all other counts are summed."""

SUMS = (
    "present_sessions",
    "overall_attendance",
    "approved_educational_activity",
    "overall_absence",
    "authorised_absence",
    "unauthorised_absence",
    "late_sessions",
    "possible_sessions",
)

REASONS = (
    "reason_present_am",
    "reason_present_pm",
    "reason_present",
    "reason_l_present_late_before_registers_closed",
    "reason_i_authorised_illness",
    "reason_m_authorised_medical_dental",
    "reason_r_authorised_religious_observance",
    "reason_s_authorised_study_leave",
    "reason_t_authorised_grt_absence",  # to 2023/24
    "reason_t_authorised_mobile_child",  # from 2024/25
    "reason_h_authorised_holiday",
    "reason_e_authorised_excluded",
    "reason_c_authorised_other",
    "reason_c1_authorised_regulated_performance",
    "reason_j1_authorised_interview",
    "reason_c2_authorised_temp_reduced_timetable",
    "reason_b_aea_education_off_site",
    "reason_d_aea_dual_registration",  # to 2023/24: published, but not an attendance
    "reason_j_aea_interview",
    "reason_p_aea_approved_sporting_activity",
    "reason_v_aea_educational_visit_trip",
    "reason_w_aea_work_experience",
    "reason_k_aea_education_arranged_by_la",
    "reason_g_unauthorised_holiday",
    "reason_u_unauthorised_late_after_registers_closed",
    "reason_o_other_unauthorised",
    "reason_n_no_reason_yet",
    "reason_x_not_attending_covid_non_compulsory",  # autumn 2022
)
"""Published reasons of every year; a file has those that its tallies have."""

HEADCOUNTS = ("total_num_schools", "total_enrolments")
"""Schools in scope and pupils in them, from the school census."""

OLD_T = "reason_t_authorised_grt_absence"
NEW_T = "reason_t_authorised_mobile_child"

_RATES_FIRST = (
    ("attendance_perc", "overall_attendance"),
    ("overall_absence_perc", "overall_absence"),
    ("authorised_absence_perc", "authorised_absence"),
    ("unauthorised_absence_perc", "unauthorised_absence"),
    ("illness_perc", "reason_i_authorised_illness"),
    ("appointments_perc", "reason_m_authorised_medical_dental"),
    ("unauth_hol_perc", "reason_g_unauthorised_holiday"),
    ("unauth_oth_perc", "reason_o_other_unauthorised"),
    ("unauth_late_registers_closed_perc", "reason_u_unauthorised_late_after_registers_closed"),
    ("unauth_not_yet_perc", "reason_n_no_reason_yet"),
    ("auth_religious_perc", "reason_r_authorised_religious_observance"),
    ("auth_study_perc", "reason_s_authorised_study_leave"),
)
_RATES_TO_2023 = (
    ("auth_grt_perc", OLD_T),
    ("auth_holiday_perc", "reason_h_authorised_holiday"),
    ("auth_excluded_perc", "reason_e_authorised_excluded"),
    ("auth_other_perc", "reason_c_authorised_other"),
)
_RATES_FROM_2024 = (
    ("auth_mob_perc", NEW_T),
    ("auth_excluded_perc", "reason_e_authorised_excluded"),
    ("auth_performance_perc", "reason_c1_authorised_regulated_performance"),
    ("auth_interview_perc", "reason_j1_authorised_interview"),
    ("auth_part_time_perc", "reason_c2_authorised_temp_reduced_timetable"),
    ("auth_other_perc", "reason_c_authorised_other"),
)
_RATE_COVID = ("covid_non_compulsory_perc", "reason_x_not_attending_covid_non_compulsory")


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of one year's files: the phase's name, the counts, and each rate with its numerator."""

    phase: str
    sums: tuple[str, ...]
    rates: tuple[tuple[str, str], ...]

    @property
    def counts(self) -> tuple[str, ...]:
        """Every count column, means first."""
        return (*MEANS, *self.sums)


def layout_of(columns: Collection[str]) -> Layout:
    """The layout of files made from daily tallies with these columns."""
    rates = _RATES_FIRST + (_RATES_TO_2023 if OLD_T in columns else _RATES_FROM_2024)
    if _RATE_COVID[1] in columns:
        rates += (_RATE_COVID,)
    reasons = tuple(reason for reason in REASONS if reason in columns)
    return Layout("school_type" if "school_type" in columns else "education_phase", SUMS + reasons, rates)


def required(columns: Collection[str]) -> tuple[str, ...]:
    """The columns that daily tallies with these columns must have for their layout to be complete."""
    layout = layout_of(columns)
    numerators = tuple(numerator for _, numerator in layout.rates)
    return tuple(dict.fromkeys((*AREA, "attendance_date", layout.phase, *MEANS, *SUMS, *numerators)))
