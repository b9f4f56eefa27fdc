"""Every check, by stage, in the order in which the department's screener runs them."""

from typing import Final

from tallyroll.release.checks import api, columns, content, filters, geography, harmonised, meta, time
from tallyroll.release.checks.rule import Stage

STAGES: Final[tuple[Stage, ...]] = (
    columns.PRESENT,
    columns.CROSS,
    columns.NAMES,
    meta.PRESENT,
    meta.ROWS,
    time.FIRST,
    filters.FIRST,
    geography.LEVELS_STAGE,
    time.AGREE,
    filters.ITEMS,
    geography.PLACES,
    content.GENERAL,
    content.INDICATORS,
    harmonised.STAGE,
    api.STAGE,
)
"""The stages that look into a pair of files; `opening` comes before them."""
