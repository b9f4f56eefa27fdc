"""Registers from any information system behind the Wonde API, version 1.0.

Never asks for a column that the permit does not name, never writes back, never lets its token or a name out.
"""

from tallyroll.connectors.wonde.connector import WondeConnector, connector

__all__ = ["WondeConnector", "connector"]
