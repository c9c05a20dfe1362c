"""My Number Card: protocol, allow-list, reader, and the booth that runs them in a process of its own."""
