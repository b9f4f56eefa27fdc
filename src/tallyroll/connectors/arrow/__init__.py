"""Registers in bulk: a folder of Arrow IPC files, three for each school. docs/reference/arrow.md describes them.

Never reads a column that the permit does not name, and never guesses: what the layout does not describe is refused.
"""

from tallyroll.connectors.arrow.connector import ArrowConnector, connector

__all__ = ["ArrowConnector", "connector"]
