"""`migrate`: brings the database to the newest schema."""

from argparse import ArgumentParser, Namespace, _SubParsersAction

from data_access.engine import engine
from data_access.schema import migrate


def register(commands: "_SubParsersAction[ArgumentParser]") -> None:
    """Adds the command."""
    commands.add_parser("migrate", help="升级数据库 / bring the database to the newest schema").set_defaults(
        run=run
    )


def run(_args: Namespace) -> int:
    """Runs the missing migrations."""
    changed = migrate(engine())
    print("数据库已升级 / database migrated" if changed else "数据库已是最新 / database is up to date")
    return 0
