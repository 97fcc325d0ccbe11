"""A footage folder belongs to one database, wherever it is moved; an empty mount point is nobody's."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, text

from data_access import footage_integrity
from data_access.engine import engine_for, transaction
from data_access.models import Installation
from media.footage_folder import MARKER, WrongFolder, claim, trouble
from tests.media.sealed_footage import FIRST, Footage


def test_the_first_use_marks_the_folder_and_later_ones_pass(engine: Engine, tmp_path: Path) -> None:
    folder = tmp_path / "footage"
    assert trouble(engine, folder) is None
    for _ in range(2):
        claim(engine, folder)
    with transaction(engine) as session:
        known = footage_integrity.installation(session)
    assert len(known) == 32
    assert (folder / MARKER).read_text(encoding="utf-8").splitlines()[0] == known
    assert [path.name for path in folder.iterdir()] == [MARKER]


def test_many_at_once_make_one_identity(engine: Engine, tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: claim(engine, tmp_path / "footage"), range(8)))
    with transaction(engine) as session:
        assert len(session.scalars(select(Installation)).all()) == 1
    assert [path.name for path in (tmp_path / "footage").iterdir()] == [MARKER]


def test_a_folder_that_is_moved_stays_the_installation_s(engine: Engine, tmp_path: Path) -> None:
    footage = Footage(engine, tmp_path / "footage")
    claim(engine, footage.folder)
    footage.record(footage.add_camera("一号"), FIRST, [0])
    moved = footage.folder.rename(tmp_path / "elsewhere")
    claim(engine, moved)
    assert trouble(engine, moved) is None


def test_another_database_s_folder_is_refused(engine: Engine, database_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "footage"
    claim(engine, folder)
    marker = (folder / MARKER).read_text(encoding="utf-8")
    with transaction(engine) as session:
        session.execute(text("DELETE FROM installation"))
    for _ in range(2):  # of a database without, then with an identity of its own
        with pytest.raises(WrongFolder, match="belongs to another database") as refused:
            claim(engine_for(database_url), folder)
        assert "属于另一套系统" in str(refused.value)
        claim(engine, tmp_path / "own")
    assert (folder / MARKER).read_text(encoding="utf-8") == marker
    engine_for(database_url).dispose()


def test_footage_of_an_unmarked_folder_that_the_database_does_not_know_is_refused(
    engine: Engine, tmp_path: Path
) -> None:
    footage = Footage(engine, tmp_path)
    footage.lay(footage.add_camera("一号"), FIRST, 0)
    with pytest.raises(WrongFolder, match="belongs to another database"):
        claim(engine, tmp_path)
    assert not (tmp_path / MARKER).exists()


def test_a_folder_that_is_not_mounted_is_refused_until_it_is(engine: Engine, tmp_path: Path) -> None:
    footage = Footage(engine, tmp_path / "footage")
    claim(engine, footage.folder)
    footage.record(footage.add_camera("一号"), FIRST, [0])
    away = footage.folder.rename(tmp_path / "away")
    for _ in range(2):  # neither without a mount point nor with an empty one
        with pytest.raises(WrongFolder, match="not mounted, mount it") as refused:
            claim(engine, footage.folder)
        assert "未挂载" in refused.value.zh
        footage.folder.mkdir(exist_ok=True)
        wrong = trouble(engine, footage.folder)
        assert wrong is not None
    footage.folder.rmdir()
    away.rename(footage.folder)
    claim(engine, footage.folder)


def test_a_lost_marker_can_be_put_back_as_the_message_says(engine: Engine, tmp_path: Path) -> None:
    footage = Footage(engine, tmp_path)
    claim(engine, tmp_path)
    footage.record(footage.add_camera("一号"), FIRST, [0])
    (tmp_path / MARKER).unlink()
    with pytest.raises(WrongFolder) as refused:
        claim(engine, tmp_path)
    identity = refused.value.en.partition("; ")[2].split()[-3]
    (tmp_path / MARKER).write_text(identity, encoding="utf-8")
    claim(engine, tmp_path)


def test_a_folder_of_before_there_were_markers_is_marked_if_the_footage_is_there(
    engine: Engine, tmp_path: Path
) -> None:
    footage = Footage(engine, tmp_path / "footage")
    footage.record(footage.add_camera("一号"), FIRST, [0])
    with pytest.raises(WrongFolder, match="not mounted"):
        claim(engine, tmp_path / "empty")
    claim(engine, footage.folder)
    assert (footage.folder / MARKER).is_file()


def test_a_marker_that_cannot_be_read_is_told(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / MARKER).mkdir()
    with pytest.raises(WrongFolder, match="cannot be read"):
        claim(engine, tmp_path)
