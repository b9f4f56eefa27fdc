"""Ways into school information systems, one plugin each. Asks only for permitted columns; never writes back."""
