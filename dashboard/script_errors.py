"""What a person sees when a page fails: what happened and what to do, never a traceback."""

import logging
from secrets import token_hex

import streamlit as st
from sqlalchemy.exc import OperationalError

from dashboard.i18n import t

log = logging.getLogger(__name__)


def show_script_error(error: Exception) -> bool:
    """Logs the error under a short number and shows that number; True: Streamlit shows nothing more."""
    number = token_hex(3)
    log.error("error %s on a page", number, exc_info=error)
    if isinstance(error, OperationalError):
        st.error(t("error.database", number=number), icon=":material/database_off:")
    else:
        st.error(t("error.page", number=number), icon=":material/error:")
    return True
