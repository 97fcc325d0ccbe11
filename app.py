"""The web process: `python app.py` serves the pages, sign-in, footage and the signalling of live video."""

import logging

import streamlit as st
from starlette.middleware import Middleware

from dashboard import (
    evidence_routes,
    footage_routes,
    footage_still,
    footage_strip_routes,
    footage_thumbs,
    health,
    index_page,
    live_routes,
    live_status,
    mark_routes,
    off_site_routes,
    sign_in,
    talk_back_routes,
)
from dashboard.access import SignedInOnly
from dashboard.late_reruns import NoLateReruns
from dashboard.script_errors import show_script_error
from data_access.settings import settings

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")

app = st.App(
    "dashboard/main.py",
    routes=[
        *sign_in.routes,
        *health.routes,
        *index_page.routes,
        *footage_routes.routes,
        *evidence_routes.routes,
        *footage_still.routes,
        *footage_strip_routes.routes,
        *footage_thumbs.routes,
        *live_routes.routes,
        *live_status.routes,
        *mark_routes.routes,
        *off_site_routes.routes,
        *talk_back_routes.routes,
    ],
    middleware=[Middleware(SignedInOnly), Middleware(NoLateReruns)],
    lifespan=live_routes.sweeping,
    on_script_error=show_script_error,
)

if __name__ == "__main__":
    app.run(config={"server.port": settings().port, "server.address": settings().address})
