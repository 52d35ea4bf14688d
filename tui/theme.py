"""Colours: Okabe-Ito on dark, its darker half on light. Words and signs carry every state too."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="fol-dark",
    primary="#56B4E9",
    secondary="#E69F00",
    accent="#E69F00",
    warning="#F0E442",
    error="#F07D3C",
    success="#2FBF93",
    foreground="#E8E8E8",
    background="#101418",
    surface="#161B21",
    panel="#222A33",
    dark=True,
    variables={"footer-key-foreground": "#E69F00", "block-cursor-text-style": "bold"},
)
LIGHT = Theme(
    name="fol-light",
    primary="#005A8C",
    secondary="#8A4B00",
    accent="#8A4B00",
    warning="#6B5A00",
    error="#A63C00",
    success="#00694B",
    foreground="#1A1A1A",
    background="#FFFFFF",
    surface="#F5F5F2",
    panel="#E6E6E0",
    dark=False,
    variables={"footer-key-foreground": "#8A4B00", "block-cursor-text-style": "bold"},
)
