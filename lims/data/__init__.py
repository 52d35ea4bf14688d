"""Versioned rules as data."""
