"""Define, count, merge, total, estimate, tabulate: one algebra, the same at both ends."""
