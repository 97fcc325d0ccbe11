"""The command line: `python -m dashboard COMMAND`."""

import sys
from argparse import ArgumentParser
from importlib import import_module

from sqlalchemy.exc import OperationalError, ProgrammingError

from data_access.embedded_postgres import NotRunning
from data_access.settings import WrongSetting

MODULES = {
    "run": "run",
    "migrate": "migrate",
    "user": "user",
    "camera": "camera",
    "footage": "footage",
    "kpi": "kpi",
    "template": "workbook",
    "import": "workbook",
}


def main(arguments: list[str] | None = None) -> int:
    """Runs one command and returns its exit code: 0 well, 1 partly, 2 not done (the reason is printed)."""
    arguments = sys.argv[1:] if arguments is None else arguments
    parser = ArgumentParser(prog="python -m dashboard", description="明镜 Mingjing")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for module in _needed(arguments):
        import_module(f"dashboard.commands.{module}").register(commands)
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


def _needed(arguments: list[str]) -> list[str]:
    """The module of the command that is asked for, else all: each brings libraries that take time."""
    asked = MODULES.get(arguments[0]) if arguments else None
    return [asked] if asked else list(dict.fromkeys(MODULES.values()))


if __name__ == "__main__":
    sys.exit(main())
