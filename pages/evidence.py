"""Which footage was taken out as evidence, by whom and why, and what waits for a decision?"""

import streamlit as st

from dashboard.access import viewer
from dashboard.db import read_fresh
from dashboard.evidence_actions import MAY_ASK, person_of
from dashboard.evidence_list import A_PAGE, evidence_list, said
from dashboard.i18n import t
from dashboard.parts import nothing_here, page_head
from data_access.evidence import count_packages
from media.signing import fingerprint, public_key_pem

place = page_head(t("evidence.title"), t("evidence.answer"))
signed_in = viewer()
if signed_in.role not in MAY_ASK:
    st.error(t("access.not_allowed_help"))
    st.stop()
person = person_of(signed_in, address=st.context.ip_address or "")

with place, st.popover(t("evidence.verify"), icon=":material/verified:", type="tertiary"):
    st.markdown(t("evidence.verify_help"))
    st.link_button(t("evidence.verify_open"), "/evidence/verify.html", icon=":material/fact_check:")
    st.link_button(t("evidence.verify_save"), "/evidence/verify.html?download=1", icon=":material/download:")
    st.link_button(t("evidence.key"), "/evidence/public-key.pem", icon=":material/key:")
    st.caption(t("evidence.fingerprint"))
    st.code(fingerprint(public_key_pem()), language=None, wrap_lines=True)
said()

count = read_fresh(count_packages, person=person)
if count:
    evidence_list(person, -(-count // A_PAGE))
else:
    nothing_here(t("evidence.none"), t("evidence.none_mend"))
