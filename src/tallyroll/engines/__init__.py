"""Where counting runs: one small interface, database products behind it."""

from tallyroll.engines.registry import Engine, open_engine

__all__ = ["Engine", "open_engine"]
