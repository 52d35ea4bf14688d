"""Screens, one per task. A screen owns its state; widgets post messages up to it."""
