"""Files that only the owner may read."""

import contextlib
import os
from pathlib import Path


def write_private(file: Path, text: str) -> None:
    """Writes `text` to `file` with mode 0600; there is never a moment in which others could read it."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        os.fchmod(opened.fileno(), 0o600)  # a file left from before keeps its old mode
        opened.write(text)


def kept_private(file: Path, make: str) -> str:
    """The text kept in `file`; the first caller of all processes leaves `make` there."""
    trial = file.with_name(f"{file.name}.{os.getpid()}")
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        write_private(trial, make)
        with contextlib.suppress(FileExistsError):
            os.link(trial, file)  # atomic: whoever comes second finds the first one's text whole
        trial.unlink()
    return file.read_text(encoding="utf-8").strip()
