"""What happened in this session: where and when, which lots, what events, and who supervised it?"""

import pandas as pd
import streamlit as st

from dashboard import tables
from dashboard.access import may_watch, viewer
from dashboard.db import read
from dashboard.i18n import t
from dashboard.links import id_in_link, to_page
from dashboard.numbers import whole
from dashboard.parts import facts, filter_row, nothing_here, page_head, plain, time_range
from dashboard.tables import Column
from data_access.opening import opening
from domain.vocabulary import ParticipantRole, SessionStatus

wanted = id_in_link()
found = None if wanted is None else read(opening, wanted)
if found is None:
    page_head(t("opening.title"), t("opening.answer"))
    nothing_here(t("opening.not_found"), t("opening.not_found_help"))
    to_page("openings", t("opening.back"), ":material/arrow_back:")
    st.stop()

page_head(f"{t(f'session_type.{found.type}')} · {plain(found.code)}", t("opening.answer"))
with filter_row():
    to_page("openings", t("opening.back"), ":material/arrow_back:")
    if may_watch(viewer().role, found.room_type or ""):
        if found.status in {SessionStatus.OPEN, SessionStatus.PAUSED}:
            to_page("live", t("opening.watch"), ":material/videocam:", session=str(found.id))
        if found.actual_start:
            to_page("footage", t("opening.footage"), ":material/history:", session=str(found.id))

left, right = st.columns(2)
with left:
    facts(
        t("opening.facts"),
        {
            t("column.status"): t(f"session_status.{found.status}")
            + (f" · {t('column.abnormal')}" if found.abnormal else ""),
            t("column.room"): t("word.off_site") if found.off_site else found.room,
            t("column.method"): t(f"method.{found.method or 'unknown'}"),
            t("opening.planned"): time_range(found.planned_start, found.planned_end),
            t("opening.actual"): time_range(found.actual_start, found.actual_end),
        },
    )
with right:
    people = {
        t(f"participant_role.{role}"): "、".join(
            f"{who.name}（{t('word.remote')}）" if who.remote else who.name
            for who in found.participants
            if who.role == role
        )
        for role in ParticipantRole
    }
    bidders = None if found.bidder_count is None else whole(found.bidder_count)
    facts(
        t("opening.people"),
        {
            t("column.buyer"): "、".join(found.buyers),
            t("column.agency"): "、".join(found.agencies),
            **people,
            t("column.bidders"): bidders if found.actual_start else t("opening.bidders_hidden"),
        },
    )

st.markdown(f"**{t('opening.lots', lots=len(found.lots))}**")
lots = pd.DataFrame([vars(lot) for lot in found.lots])
lot_columns = {
    "section_code": Column(t("column.section_code")),
    "title": Column(t("column.lot"), width=260),
    "project_class": Column(t("column.class"), codes="project_class"),
    "method": Column(t("column.method"), codes="method"),
    "budget": Column(t("term.budget"), "wan"),
    "starting_price": Column(t("column.starting_price"), "wan"),
    "award": Column(t("term.award"), "wan"),
    "supplier": Column(t("column.supplier"), width="medium"),
    "status": Column(t("column.status"), codes="lot_status"),
}
if lots.empty:
    nothing_here(t("opening.no_lots"), t("opening.no_lots_help"))
else:
    tables.show(lots, lot_columns, key="lots", alt=t("opening.lots", lots=len(lots)))

st.markdown(f"**{t('opening.events')}**")
events = pd.DataFrame([vars(event) for event in found.events])
event_columns = {
    "at": Column(t("column.time"), "second", 160),
    "kind": Column(t("column.event"), width=120, codes="event_kind"),
    "actor": Column(t("column.actor"), width="medium"),
    "note": Column(t("column.note"), width="large"),
}
if events.empty:
    why = "opening.no_events" if found.actual_start else "opening.events_hidden"
    nothing_here(t(why), t(f"{why}_help"))
else:
    tables.show(events, event_columns, key="events", alt=t("opening.events"))
