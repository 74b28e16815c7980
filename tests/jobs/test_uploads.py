"""Files that wait for their job."""

from __future__ import annotations

import errno
import os
import tempfile
import time
from pathlib import Path

import pytest

from livecaption.errors import OperatorError
from livecaption.jobs.records import new_job_id
from livecaption.jobs.uploads import NoSpace, UploadFolder


@pytest.fixture
def folder(tmp_path: Path) -> UploadFolder:
    made = UploadFolder(tmp_path / "uploads", max_bytes=1000, reserve_bytes=0)
    made.prepare()
    return made


def test_a_file_gets_its_name_when_it_is_whole(folder: UploadFolder) -> None:
    job_id = new_job_id()
    with folder.receive(job_id) as file:
        file.write(b"sound")
        assert not folder.path_of(job_id).exists()
    assert folder.path_of(job_id).read_bytes() == b"sound"
    assert [path.name for path in folder.path.iterdir()] == [job_id]


def test_an_upload_that_breaks_off_leaves_nothing(folder: UploadFolder) -> None:
    def break_off() -> None:
        with folder.receive(new_job_id()) as file:
            file.write(b"half")
            raise ConnectionResetError

    with pytest.raises((ConnectionResetError, NoSpace)):
        break_off()
    assert list(folder.path.iterdir()) == []


def test_a_full_disk_is_no_space(folder: UploadFolder) -> None:
    with pytest.raises(NoSpace), folder.receive(new_job_id()):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_uploads_together_have_a_bound(folder: UploadFolder) -> None:
    with folder.receive(new_job_id()) as file:
        file.write(bytes(900))
    folder.check_room(100)
    with pytest.raises(NoSpace):
        folder.check_room(101)


def test_the_disk_is_never_filled(folder: UploadFolder) -> None:
    free = os.statvfs(folder.path).f_bavail * os.statvfs(folder.path).f_frsize
    greedy = UploadFolder(folder.path, max_bytes=10**18, reserve_bytes=free + 10**9)
    with pytest.raises(NoSpace):
        greedy.check_room()


def test_a_file_is_copied_whole_from_wherever_it_stands(folder: UploadFolder) -> None:
    job_id = new_job_id()
    with tempfile.TemporaryFile() as source:
        source.write(b"sound")
        assert folder.take(source, job_id) == 5
    assert folder.path_of(job_id).read_bytes() == b"sound"


def test_a_file_that_does_not_fit_is_not_copied(folder: UploadFolder) -> None:
    with tempfile.TemporaryFile() as source:
        source.write(bytes(1001))
        with pytest.raises(NoSpace):
            folder.take(source, new_job_id())
    assert list(folder.path.iterdir()) == []


def test_what_no_job_needs_is_swept_unless_it_is_new(folder: UploadFolder) -> None:
    needed, orphan, new = new_job_id(), new_job_id(), new_job_id()
    for job_id in (needed, orphan, new):
        with folder.receive(job_id) as file:
            file.write(b"x")
    (folder.path / f"{orphan}.part").write_bytes(b"half")
    hour_ago = time.time() - 3600
    for name in (needed, orphan, f"{orphan}.part"):
        os.utime(folder.path / name, (hour_ago, hour_ago))
    assert folder.sweep({needed}, older_than=time.time() - 60) == 2
    assert {path.name for path in folder.path.iterdir()} == {needed, new}


def test_only_ids_of_jobs_become_paths(folder: UploadFolder) -> None:
    for name in ("../secret", "j_", "j_a/../../b", "transcripts.sqlite3", ""):
        with pytest.raises(ValueError, match="no id"):
            folder.path_of(name)


def test_a_place_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OperatorError, match="Uploads cannot be kept"):
        UploadFolder(tmp_path / "file" / "uploads", 1).prepare()
