"""Chance that falls the same way on every machine and every day."""

from random import Random


def dice(purpose: str) -> Random:
    """Dice of their own for each purpose: what one part draws does not change another."""
    return Random(purpose)  # noqa: S311 - a demo's story, nothing to protect
