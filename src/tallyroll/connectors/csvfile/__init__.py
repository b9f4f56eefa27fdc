"""Registers out of CSV files: Arbor's and Bromcom's exports, and a generic layout for spreadsheets."""

from tallyroll.connectors.csvfile.connector import CsvConnector, connector

__all__ = ["CsvConnector", "connector"]
