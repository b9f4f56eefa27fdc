"""How a long piece of work tells how far it has come, whoever is watching."""

from typing import Protocol


class Advance(Protocol):
    """Called with how many are done and how many there are."""

    def __call__(self, done: int, total: int) -> None:
        """Say that `done` of `total` are done."""
        ...


def unwatched(done: int, total: int) -> None:
    """Nobody is watching."""
