"""The web app: everything that is not a page."""
