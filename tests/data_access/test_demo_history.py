"""The demo's history: the published half-year, its plausibility, and figures recomputed independently."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import pandas as pd
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session
from stdnum.cn import uscc

from data_access.demo import history
from data_access.figures import enterprise_movement, figures, monthly
from domain.periods import Period, half_year_of
from domain.vocabulary import Library, ProjectClass
from tests.demo_database import TODAY, filled_database

PUBLISHED = Period(date(2023, 1, 1), date(2023, 7, 1))
ALL = Period(date(2022, 7, 1), TODAY)


@pytest.fixture(scope="module")
def demo(server_url: str) -> Iterator[Engine]:
    with filled_database(server_url) as engine:
        yield engine


@pytest.fixture
def demo_session(demo: Engine) -> Iterator[Session]:
    with Session(demo) as session:
        yield session


def _rows(engine: Engine, query: str) -> pd.DataFrame:
    with engine.connect() as connection:
        return pd.read_sql(text(query), connection)


def test_the_published_half_year_is_reproduced_to_the_last_digit(demo_session: Session) -> None:
    found = figures(demo_session, PUBLISHED)
    works, procurement = found.by_class[ProjectClass.WORKS], found.by_class[ProjectClass.PROCUREMENT]
    assert (works.transactions, procurement.transactions) == (111, 30)
    assert (works.budget, works.award) == (Decimal("708988400.00"), Decimal("603756200.00"))
    assert (procurement.budget, procurement.award) == (Decimal("197230700.00"), Decimal("179007600.00"))
    assert (works.saving, procurement.saving) == (Decimal("105232200.00"), Decimal("18223100.00"))
    assert (found.openings.held, found.openings.supervised) == (82, 78)
    assert (found.simplified, found.expert_draws, found.floor_sessions > 78) == (51, 312, True)


def test_the_published_halfs_finding_was_handled(demo: Engine) -> None:
    findings = _rows(
        demo,
        "SELECT note, abnormal FROM session_event JOIN trading_session s ON s.id = session_id "
        "WHERE kind = 'finding' AND at >= '2022-12-31 16:00Z' AND at < '2023-06-30 16:00Z'",
    )
    assert len(findings) == 1
    assert findings["note"].str.contains("处理").all()
    assert findings["abnormal"].all()


@pytest.mark.parametrize(
    "period",
    [
        PUBLISHED,
        Period(date(2022, 7, 1), date(2023, 1, 1)),
        Period(date(2024, 1, 1), date(2025, 1, 1)),
        Period(date(2025, 3, 17), date(2025, 4, 2)),
        ALL,
    ],
    ids=str,
)
def test_figures_agree_with_an_independent_recomputation(
    demo: Engine, demo_session: Session, period: Period
) -> None:
    """pandas over whole tables, days compared on the wall clock, against the queries."""
    inside = {period.start + timedelta(days=n) for n in range(period.days)}
    tables = {name: _rows(demo, f"SELECT * FROM {name}") for name in _TABLES}
    for name, column in _TABLES.items():
        days = tables[name][column]
        if column.endswith("_at") or column == "actual_start":
            days = pd.to_datetime(days, utc=True).dt.tz_convert("Asia/Shanghai").dt.date
        tables[name] = tables[name][[day in inside for day in days]]
    found = figures(demo_session, period).as_json()
    assert found["expert_draws"] == (tables["expert_draw_member"]["response"] == "accepted").sum()
    penalties = tables["expert_penalty"]["expert_id"]
    assert found["expert_penalties"] == {"person_times": len(penalties), "persons": penalties.nunique()}
    orders = tables["mall_order"]["amount"]
    assert found["mall"] == {"orders": len(orders), "amount": f"{orders.sum():.2f}"}
    assert found["inspections"] == len(tables["inspection"])
    assert found["openings"] == _openings(demo, tables["trading_session"])
    _check_trading(demo, tables["award"], found)
    complaints = tables["complaint"]
    undecided = complaints["decided_at"].isna() | (complaints["decided_at"] >= pd.Timestamp(period.end_at))
    for kind, name in (("complaint", "complaints"), ("petition", "petitions")):
        of_kind = complaints["type"] == kind
        assert found[name] == {"received": of_kind.sum(), "open": (of_kind & undecided).sum()}


_TABLES = {
    "award": "decided_at",
    "trading_session": "actual_start",
    "expert_draw_member": "drawn_at",
    "expert_penalty": "decided_at",
    "complaint": "received_at",
    "mall_order": "ordered_at",
    "inspection": "inspected_on",
}


def _openings(demo: Engine, sessions: pd.DataFrame) -> dict[str, object]:
    supervisors = _rows(demo, "SELECT DISTINCT session_id FROM session_participant WHERE role = 'supervisor'")
    held = sessions[(sessions["type"] == "BO") & (sessions["status"] != "cancelled")]
    methods = held[held["id"].isin(supervisors["session_id"])]["method"].value_counts()
    return {
        "supervised": methods.sum(),
        "by_method": {code: methods.get(code, 0) for code in ("open", "selective", "limited", "direct")},
    }


def _check_trading(demo: Engine, awards: pd.DataFrame, found: dict[str, object]) -> None:
    lots = _rows(
        demo,
        "SELECT l.id lot_id, budget, starting_price, simplified, project_class "
        "FROM lot l JOIN project p ON p.id = project_id",
    )
    table = awards[awards["status"] == "active"].merge(lots, on="lot_id")
    assert found["simplified"] == table["simplified"].sum()
    by_class = found["by_class"]
    assert isinstance(by_class, dict)
    for code, lots_of in table.groupby("project_class"):
        budget, award = lots_of["budget"].sum(), lots_of["amount"].sum()
        shown = by_class[code]
        assert shown["transactions"] == len(lots_of)
        assert shown["award"] == f"{award:.2f}"
        if code == "land":
            assert found["land"] == {"premium": f"{award - lots_of['starting_price'].sum():.2f}"}
            assert shown["saving"] is None
        else:
            assert shown["budget"] == f"{budget:.2f}"
            assert shown["saving"] == f"{budget - award:.2f}"
            assert shown["saving_rate"] == pytest.approx(float((budget - award) / budget), abs=1e-12)


def test_no_two_months_are_alike_and_none_is_empty(demo_session: Session) -> None:
    table = monthly(demo_session, Period(ALL.start, date(2026, 11, 1)))
    assert len(table) == 52
    assert (table[["transactions", "openings", "draws"]] > 0).all(axis=None)
    assert not table.drop(columns="month").duplicated().any()
    assert table["penalties"].sum() > 50


def test_the_library_grows_slowly_and_every_stretch_joins_the_next(demo_session: Session) -> None:
    half_year, closing = half_year_of(ALL.start), 104
    while half_year.end < TODAY:
        movement = enterprise_movement(demo_session, half_year)
        assert movement.opening == closing
        closing = movement.closing
        assert 0 < movement.joined < 20
        assert closing > movement.opening
        half_year = half_year_of(half_year.end)
    by_library = [enterprise_movement(demo_session, PUBLISHED, library) for library in Library]
    # Some stand in two libraries, so the parts are more than the distinct whole.
    assert sum(movement.closing for movement in by_library) >= 125


def test_land_is_sold_outside_the_published_half_year_only_and_with_a_premium(demo_session: Session) -> None:
    assert figures(demo_session, PUBLISHED).by_class[ProjectClass.LAND].transactions == 0
    everything = figures(demo_session, ALL)
    assert everything.by_class[ProjectClass.LAND].transactions > 15
    assert everything.land.premium > 0


def test_some_complaints_are_open_now(demo_session: Session) -> None:
    assert figures(demo_session, half_year_of(TODAY)).complaints.open > 0


def test_credit_codes_have_valid_check_digits(demo: Engine) -> None:
    codes = _rows(
        demo, "SELECT uscc FROM enterprise UNION SELECT supplier_uscc FROM award WHERE supplier_uscc <> ''"
    )
    assert len(codes) > 150
    assert codes["uscc"].map(uscc.is_valid).all()
    assert _rows(demo, "SELECT name FROM enterprise")["name"].is_unique


@pytest.mark.parametrize(
    ("fact", "counterexamples"),
    [
        (
            "no two sessions meet in a room",
            "SELECT 1 FROM trading_session a JOIN trading_session b ON a.room_id = b.room_id AND a.id < b.id "
            "AND a.actual_start < b.actual_end AND b.actual_start < a.actual_end",
        ),
        (
            "nobody is drawn while suspended",
            "SELECT 1 FROM expert_draw_member d JOIN expert_penalty p USING (expert_id) "
            "WHERE (drawn_at AT TIME ZONE 'Asia/Shanghai')::date >= suspended_from "
            "AND (drawn_at AT TIME ZONE 'Asia/Shanghai')::date < suspended_to",
        ),
        (
            "whoever is penalised was drawn for the session's lot and accepted",
            "SELECT 1 FROM expert_penalty p WHERE NOT EXISTS (SELECT 1 FROM expert_draw_member d "
            "JOIN session_lot l USING (lot_id) WHERE d.expert_id = p.expert_id AND d.response = 'accepted' "
            "AND l.session_id = p.session_id)",
        ),
        (
            "small contracts stay below 400 万元",
            "SELECT 1 FROM lot WHERE simplified AND budget >= 4000000",
        ),
        (
            "works and procurement cost between the limits of a district",
            "SELECT 1 FROM lot WHERE NOT simplified AND budget NOT BETWEEN 500000 AND 90000000",
        ),
        (
            "an award is below its budget and positive",
            "SELECT 1 FROM award JOIN lot ON lot.id = lot_id WHERE amount <= 0 OR amount > budget",
        ),
        (
            "an award follows the opening, and the opening the announcement",
            "SELECT 1 FROM trading_session s JOIN session_lot ON session_id = s.id "
            "JOIN lot l ON l.id = lot_id "
            "LEFT JOIN award a ON a.lot_id = l.id AND a.status = 'active' "
            "WHERE s.type IN ('BO', 'NG', 'LA', 'LT') AND (l.published_at >= s.planned_start "
            "OR a.decided_at <= s.actual_start)",
        ),
        (
            "experts are drawn before they sit",
            "SELECT 1 FROM expert_draw_member d JOIN session_lot l USING (lot_id) "
            "JOIN trading_session s ON s.id = l.session_id "
            "WHERE s.type IN ('EV', 'NG') AND d.drawn_at >= s.actual_start",
        ),
        (
            "nothing lies in the future",
            "SELECT 1 FROM trading_session WHERE actual_start >= '2026-11-22 16:00Z' "
            "UNION ALL SELECT 1 FROM award WHERE decided_at >= '2026-11-22 16:00Z' "
            "UNION ALL SELECT 1 FROM complaint WHERE decided_at >= '2026-11-22 16:00Z' "
            "UNION ALL SELECT 1 FROM library_membership "
            "WHERE joined_on >= '2026-11-23' OR left_on >= '2026-11-23'",
        ),
        (
            "a lot is complete when it is awarded",
            "SELECT 1 FROM lot l LEFT JOIN award a ON a.lot_id = l.id AND a.status = 'active' "
            "WHERE (l.status = 'complete') <> (a.id IS NOT NULL)",
        ),
    ],
)
def test_the_history_is_plausible(demo: Engine, fact: str, counterexamples: str) -> None:
    assert _rows(demo, counterexamples).empty, fact


def test_a_second_fill_on_the_same_day_changes_nothing(demo: Engine) -> None:
    before = _everything(demo)
    with Session(demo) as session, session.begin():
        history.fill(session, TODAY)
    assert _everything(demo) == before


def test_starting_again_days_later_gives_the_same_as_starting_then(server_url: str) -> None:
    with (
        filled_database(server_url, date(2023, 3, 8), date(2023, 3, 10), date(2023, 5, 2)) as in_steps,
        filled_database(server_url, date(2023, 5, 2)) as at_once,
    ):
        assert _everything(in_steps) == _everything(at_once)


def _everything(engine: Engine) -> dict[str, list[str]]:
    """All rows by their keys, without ids."""
    with engine.connect() as connection:
        tables = connection.scalars(
            text(
                "SELECT table_name FROM information_schema.columns "
                "WHERE column_name = 'source_key' AND table_schema = 'public'"
            )
        ).all()
        dump: dict[str, list[str]] = {}
        for table in tables:
            rows = connection.scalars(text(f"SELECT to_jsonb(t) FROM {table} t"))
            dump[table] = sorted(
                str({name: value for name, value in row.items() if not name.endswith("id")}) for row in rows
            )
        for table in ("session_event", "session_participant", "session_lot"):
            dump[table] = sorted(
                connection.scalars(
                    text(
                        f"SELECT s.code || (to_jsonb(t) - 'id' - 'session_id' - 'lot_id')::text "
                        f"FROM {table} t JOIN trading_session s ON s.id = t.session_id"
                    )
                ).all()
            )
    return dump
