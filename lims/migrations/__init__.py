"""Numbered SQL, applied once each and never edited after a release."""
