"""`user add | list`: accounts."""

import getpass
import sys
from argparse import ArgumentParser, Namespace, _SubParsersAction
from datetime import UTC, datetime

from data_access import accounts, audit
from data_access.engine import transaction
from domain.vocabulary import Role


def register(commands: "_SubParsersAction[ArgumentParser]") -> None:
    """Adds the command."""
    user = commands.add_parser("user", help="账号管理 / accounts").add_subparsers(required=True)
    add = user.add_parser("add", help="新增账号 / make an account")
    add.add_argument("name")
    add.add_argument("--role", required=True, choices=[role.value for role in Role])
    add.add_argument("--display-name", default="", help="shown in the interface; default: the name")
    add.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    add.set_defaults(run=add_user)
    user.add_parser("list", help="账号列表 / list accounts").set_defaults(run=list_users)


def add_user(args: Namespace) -> int:
    """Makes an account; 2 when it cannot be made."""
    password = (
        sys.stdin.readline().rstrip("\r\n") if args.password_stdin else getpass.getpass("密码 / password: ")
    )
    try:
        with transaction() as session:
            made = accounts.add(
                session,
                args.name,
                password,
                Role(args.role),
                now=datetime.now(UTC),
                display_name=args.display_name,
            )
            audit.record(
                session,
                actor="command line",
                action="user_add",
                subject=made.name,
                detail={"role": made.role},
            )
    except accounts.AccountError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"已新增账号 / added account {made.name} ({made.role})")
    return 0


def list_users(_args: Namespace) -> int:
    """Prints name, role and state, one account a line."""
    with transaction() as session:
        for account in accounts.all_accounts(session):
            print(account.name, account.role, "active" if account.active else "closed")
    return 0
