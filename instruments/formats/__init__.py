"""One module per file format: bytes in, a `Reading` out. They know neither files nor each other."""
