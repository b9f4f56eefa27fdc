"""Assemble, write and check what the public sees. Takes `Protected` tables only."""

from tallyroll.release.bundle import MANIFEST, BundleFile, BundleTable, check_free, verify, write
from tallyroll.release.check import check
from tallyroll.release.headline import TITLES, headline
from tallyroll.release.meta import Filter, Indicator
from tallyroll.release.report import FileReport, Outcome, Report, Result

__all__ = [
    "MANIFEST",
    "TITLES",
    "BundleFile",
    "BundleTable",
    "FileReport",
    "Filter",
    "Indicator",
    "Outcome",
    "Report",
    "Result",
    "check",
    "check_free",
    "headline",
    "verify",
    "write",
]
