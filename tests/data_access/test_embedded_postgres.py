import os
import subprocess
import sys
from pathlib import Path

import pytest

from data_access import embedded_postgres

START_ASK_STOP = """
import sys
from pathlib import Path
from sqlalchemy import create_engine, text
from data_access import embedded_postgres
folder = Path(sys.argv[1])
server = embedded_postgres.start(folder)
engine = create_engine(embedded_postgres.socket_url(folder))
with engine.connect() as connection:
    print(connection.scalar(text("SELECT 1")))
engine.dispose()
print((folder / "postmaster.pid").read_text())
embedded_postgres.stop(server)
"""


def start_ask_stop(folder: Path) -> list[str]:
    """Starts the server in a process of its own; its answer, then the lines of its pid file."""
    told = subprocess.run(
        [sys.executable, "-c", START_ASK_STOP, folder], check=True, capture_output=True, text=True, timeout=60
    )
    return told.stdout.split("\n")


def test_after_a_power_cut_the_server_starts_though_another_process_has_its_number(tmp_path: Path) -> None:
    folder = tmp_path / "postgres"
    _, _, *rest = start_ask_stop(folder)
    (folder / "postmaster.pid").write_text("\n".join([str(os.getpid()), *rest]))
    assert start_ask_stop(folder)[0] == "1"


def test_a_server_that_is_not_running_is_told_with_the_mend(tmp_path: Path) -> None:
    with pytest.raises(embedded_postgres.NotRunning, match="make run"):
        embedded_postgres.socket_url(tmp_path / "postgres")


def test_a_server_that_is_just_writing_its_pid_file_counts_as_not_running_yet(tmp_path: Path) -> None:
    folder = tmp_path / "postgres"
    folder.mkdir()
    whole = [str(os.getpid()), str(folder), "1712346200", "5432", str(tmp_path), "localhost", "8826964 65536"]
    for lines in range(len(whole)):
        (folder / "postmaster.pid").write_text("".join(f"{line}\n" for line in whole[:lines]))
        with pytest.raises(embedded_postgres.NotRunning):
            embedded_postgres.socket_url(folder)
