"""Assemble, write and check what the public sees. Takes `Protected` tables only."""
