"""What was this penalty for, what does it mean for the expert, and was it the first one?"""

import streamlit as st

from dashboard import tables
from dashboard.db import read
from dashboard.i18n import t
from dashboard.links import id_in_link, to_page
from dashboard.numbers import whole
from dashboard.parts import facts, filter_row, local_time, nothing_here, page_head, plain
from dashboard.tables import Action, Column
from data_access.experts import penalties_of_same_expert, penalty

wanted = id_in_link()
found = None if wanted is None else read(penalty, wanted)
if found is None:
    page_head(t("penalty.title"), t("penalty.answer"))
    nothing_here(t("penalty.not_found"), t("penalty.not_found_help"))
    to_page("penalties", t("penalty.back"), ":material/arrow_back:")
    st.stop()

page_head(f"{t('penalty.title')} · {plain(found.document_no or found.expert_code)}", t("penalty.answer"))
with filter_row():
    to_page("penalties", t("penalty.back"), ":material/arrow_back:")
    if found.session_id is not None:
        session = t("penalty.session", code=plain(found.session_code or ""))
        to_page("opening", session, ":material/gavel:", id=str(found.session_id))

hidden = t("penalties.confidential") if found.confidential else None
suspension = (
    t("penalty.suspended", first=found.suspended_from, until=found.suspended_to)
    if found.suspended_from and found.suspended_to
    else None
)
left, right = st.columns(2)
with left:
    facts(
        t("penalty.decision"),
        {
            t("column.kind"): t(f"penalty_kind.{found.kind}"),
            t("column.points"): None if found.points is None else whole(found.points),
            t("penalty.suspension"): suspension,
            t("column.decided"): local_time(found.decided_at),
            t("column.decided_by"): found.decided_by,
            t("column.document_no"): found.document_no,
        },
    )
with right:
    facts(
        t("penalty.expert"),
        {
            t("column.expert_code"): found.expert_code,
            t("column.expert"): hidden or found.expert_name,
            t("column.employer"): hidden or found.employer,
            t("column.speciality"): found.speciality,
        },
    )
facts(
    t("penalty.reason"),
    {
        t("column.behaviour"): t(f"behaviour.{found.behaviour}"),
        t("column.facts"): found.facts,
        t("column.legal_basis"): found.legal_basis,
    },
)

others = read(penalties_of_same_expert, found.id)
st.markdown(f"**{t('penalty.others', times=len(others))}**")
columns = {
    "decided_at": Column(t("column.decided"), "time"),
    "kind": Column(t("column.kind"), codes="penalty_kind"),
    "behaviour": Column(t("column.behaviour"), width="large", codes="behaviour"),
    "points": Column(t("column.points"), "count"),
    "document_no": Column(t("column.document_no")),
}
if others.empty:
    nothing_here(t("penalty.first"), t("penalty.first_help"))
else:
    tables.show(others, columns, key="others", alt=t("penalty.answer"), actions=[Action("penalty")])
