"""Where counting runs: one small interface, database products behind it."""

from tallyroll.engines.registry import Engine, FileStore, open_engine, open_file_store

__all__ = ["Engine", "FileStore", "open_engine", "open_file_store"]
