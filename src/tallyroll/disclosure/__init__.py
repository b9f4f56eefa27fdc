"""Statistical disclosure control: the only maker of `Protected` tables."""
