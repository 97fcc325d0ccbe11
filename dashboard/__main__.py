"""The command line: `python -m dashboard COMMAND`."""

import sys
from argparse import ArgumentParser

from sqlalchemy.exc import OperationalError, ProgrammingError

from dashboard.commands import camera, footage, kpi, migrate, run, user, workbook
from data_access.embedded_postgres import NotRunning
from data_access.settings import WrongSetting


def main(arguments: list[str] | None = None) -> int:
    """Runs one command and returns its exit code: 0 well, 1 partly, 2 not done (the reason is printed)."""
    parser = ArgumentParser(prog="python -m dashboard", description="明镜 Mingjing")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in (run, migrate, user, camera, footage, kpi, workbook):
        command.register(commands)
    args = parser.parse_args(arguments)
    try:
        code: int = args.run(args)
    except (WrongSetting, NotRunning) as error:
        print(error, file=sys.stderr)
        return 2
    except OperationalError as error:
        print(
            f"数据库无法连接 / the database does not answer, check DATABASE_URL: {error.orig}",
            file=sys.stderr,
        )
        return 2
    except ProgrammingError as error:
        print(f"数据库结构不符 / the schema is not up to date, run migrate: {error.orig}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return code


if __name__ == "__main__":
    sys.exit(main())
