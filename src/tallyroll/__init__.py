"""Tallyroll: daily school-attendance collection and official statistics. The roll stays; the tally travels."""

__version__ = "0.1.0"
