"""What the public may see. Reaches releases only, never a step before them."""
