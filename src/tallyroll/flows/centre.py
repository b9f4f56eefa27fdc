"""To be wired."""
