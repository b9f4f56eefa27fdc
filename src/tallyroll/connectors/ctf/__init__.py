"""Registers out of Common Transfer Files: the attendance part, as far as it is known for certain."""

from tallyroll.connectors.ctf.connector import CtfConnector, connector

__all__ = ["CtfConnector", "connector"]
