"""Every front end: the command line and the full-screen app."""
