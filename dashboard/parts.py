"""Widgets that pages share."""

import streamlit as st


def page_head(title: str, answer: str) -> None:
    """A page's title and one line of what it answers."""
    st.title(title)
    st.caption(answer)
