from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from livecaption.engine.allocator import SETTINGS, is_tuned, tune_allocator, tuned_environment

REPOSITORY = Path(__file__).parents[2]

PROGRAM = """
import os, sys
sys.path.insert(0, {repository!r})
from livecaption.engine.allocator import is_tuned, tune_allocator
print("start", os.getpid())
tune_allocator()
print("end", os.getpid(), is_tuned(os.environ), sys.argv[1:], "CT2_USE_MKL" in os.environ)
"""

on_glibc = pytest.mark.skipif(
    sys.platform != "linux" or "glibc" not in os.confstr("CS_GNU_LIBC_VERSION"),  # type: ignore[operator]
    reason="the settings are glibc's",
)


def run(program: Path, environment: dict[str, str]) -> list[list[str]]:
    """Run the program as a user's command; return what each line printed says, in words."""
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(PROGRAM.format(repository=str(REPOSITORY)))
    ours = ("MALLOC_", "LIVECAPTION_", "OMP_", "GLIBC_")
    plain = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    done = subprocess.run(
        [sys.executable, str(program), "serve"],
        env={**plain, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return [line.split(maxsplit=2) for line in done.stdout.splitlines()]


@on_glibc
def test_our_command_starts_once_more_in_the_same_process(tmp_path: Path) -> None:
    first, second, end = run(tmp_path / "livecaption", {})
    assert first[0] == second[0] == "start"
    assert first[1] == second[1] == end[1]
    assert end[2] == "True ['serve'] False"


@on_glibc
def test_the_module_form_starts_once_more_too(tmp_path: Path) -> None:
    assert len(run(tmp_path / "livecaption" / "__main__.py", {})) == 3


@on_glibc
@pytest.mark.parametrize(
    "environment",
    [
        {"MALLOC_ARENA_MAX": "4"},
        {"OMP_WAIT_POLICY": "ACTIVE"},
        {"GLIBC_TUNABLES": "glibc.malloc.arena_max=2"},
        {"LIVECAPTION_RESTARTED": "1"},
    ],
)
def test_what_the_user_has_chosen_stands(tmp_path: Path, environment: dict[str, str]) -> None:
    start, end = run(tmp_path / "livecaption", environment)
    assert (start[0], end[0]) == ("start", "end")
    assert end[2].startswith("False")


def test_another_program_is_never_restarted() -> None:
    tune_allocator()  # would replace this very test run


def test_settings_join_the_environment_and_leave_mkl_alone() -> None:
    tuned = tuned_environment({"PATH": "/bin", "CT2_USE_MKL": "0"})
    assert tuned is not None
    assert tuned.items() >= {"PATH": "/bin", "CT2_USE_MKL": "0", **SETTINGS}.items()
    assert is_tuned(tuned)
    assert tuned_environment(tuned) is None
    assert not is_tuned({})


def test_the_number_of_threads_for_small_matrices_is_the_users_if_given() -> None:
    alone = tuned_environment({"PATH": "/bin"})
    chosen = tuned_environment({"OPENBLAS_NUM_THREADS": "4"})
    assert alone is not None
    assert chosen is not None
    assert (alone["OPENBLAS_NUM_THREADS"], chosen["OPENBLAS_NUM_THREADS"]) == ("1", "4")
