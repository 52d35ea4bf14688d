"""One night at a port, played through the real services; nothing in here is reached by anything else."""
