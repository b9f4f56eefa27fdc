"""What crosses between a node and a centre: seal, send, receive. A room of a later issue."""
