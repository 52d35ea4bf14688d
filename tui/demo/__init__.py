"""One night at a port, played through the real services; nothing else reaches in here."""
