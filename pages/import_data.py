"""What would this workbook change, what is wrong with it, and what was imported before?"""

import streamlit as st

from dashboard import import_view, tables
from dashboard.access import viewer
from dashboard.db import read_fresh
from dashboard.i18n import t
from dashboard.parts import nothing_here, page_head, plain
from data_access.workbook.importing import ImportReport, imports
from data_access.workbook.words import State, UnreadableWorkbook
from domain.vocabulary import Role

IMPORTERS = frozenset({Role.ADMINISTRATOR, Role.SUPERVISOR})


place = page_head(t("import.title"), t("import.answer"))
person = viewer()
if person.role not in IMPORTERS:
    st.error(t("import.not_allowed"))
    st.stop()
with place:
    import_view.template_button()

# A new key empties the uploader after an import.
turn = st.session_state.setdefault("import_turn", 0)
file = import_view.choose_file(f"workbook_{turn}")
done: ImportReport | None = st.session_state.get("import_done")

if file is not None:
    try:
        if st.session_state.get("import_previewed") != file.file_id:
            with st.spinner(t("import.reading")):
                st.session_state["import_preview"] = import_view.preview(file)
            st.session_state["import_previewed"] = file.file_id
    except UnreadableWorkbook as unreadable:
        st.error(import_view.in_language(unreadable.words), icon=":material/error:")
        st.stop()
    report: ImportReport = st.session_state["import_preview"]
    going_in = report.count(State.NEW) + report.count(State.CHANGED)
    st.subheader(t("import.preview", file=plain(file.name)), anchor=False)
    with st.container(horizontal=True, vertical_alignment="center"):
        confirmed = st.button(
            t("import.confirm", rows=going_in), type="primary", disabled=not going_in, key="import_confirm"
        )
        import_view.rejected_button(report)
        st.caption(
            t("import.nothing_written") if going_in else t("import.nothing_to_import"), width="content"
        )
    if confirmed:
        with st.spinner(t("import.importing")):
            st.session_state["import_done"] = import_view.run_import(file, person)
        st.session_state["import_turn"] = turn + 1
        st.rerun()
    import_view.show(report)
elif done:
    going_in = done.count(State.NEW) + done.count(State.CHANGED)
    st.success(t("import.done", file=plain(done.file_name), rows=going_in, batch=done.batch_id))
    import_view.rejected_button(done)
    import_view.show(done)

st.subheader(t("import.history"), anchor=False)
past = read_fresh(imports)
if past:
    tables.show(*import_view.history(past), key="history", alt=t("import.history"))
else:
    nothing_here(t("import.no_history"), t("import.no_history_help"))
