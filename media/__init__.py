"""Cameras, recorder, gateway and the formats of footage; nothing here imports streamlit."""
