"""Spectra as data, and the mathematics on them.

Knows no files, no clock and no globals: arrays in, arrays out.
"""
