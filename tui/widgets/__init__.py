"""Widgets the screens are made of; each knows its own data and nothing of the record."""
