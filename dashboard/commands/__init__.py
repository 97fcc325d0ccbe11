"""The commands of `python -m dashboard`, one file each."""
