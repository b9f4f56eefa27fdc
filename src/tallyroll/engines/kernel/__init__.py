"""The counting kernel: definitions as compiled loops over packed weeks of marks."""

from tallyroll.engines.counts import AuthorityCounts
from tallyroll.engines.kernel.corrections import LiveAuthority
from tallyroll.engines.kernel.engine import KernelEngine

__all__ = ["AuthorityCounts", "KernelEngine", "LiveAuthority"]
