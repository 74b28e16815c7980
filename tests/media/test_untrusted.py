from __future__ import annotations

import asyncio
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from livecaption.core.audio import Samples
from livecaption.errors import DamagedMedia, MediaTooLong, NotMedia, Overloaded, RefusedFile
from livecaption.media.recording import PcmFile
from livecaption.media.untrusted import FileDecoder
from tests.media import hostile
from tests.media.bombs import bombs, heavy_bombs
from tests.media.bytewise import id3
from tests.media.recordings import coded, loudness_at, stereo, tone, write_wav
from tests.serving import within

LIMIT_S = 4 * 3600.0
MOST_S = 110.0
"""Less than ten seconds each on a machine that does nothing else; this one may be busy."""

ADDRESS, SECRET = "http://127.0.0.1:PORT", "/SECRET"
NAMES = sorted(hostile.refused(ADDRESS, SECRET))
ODD_NAMES = sorted(hostile.survived())

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox is Linux's")


@pytest.fixture(scope="module")
def trap() -> Iterator[socket.socket]:
    """A server that nobody may ask."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield listener


@pytest.fixture(scope="module")
def secret(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording that nobody may hear."""
    return write_wav(tmp_path_factory.mktemp("secret") / "secret.wav", tone(1.0))


def asked(trap: socket.socket) -> bool:
    try:
        trap.accept()[0].close()
    except BlockingIOError:
        return False
    return True


async def decoded(
    content: bytes, longest_s: float = LIMIT_S, decoder: FileDecoder | None = None
) -> Samples:
    with PcmFile() as recording, tempfile.TemporaryFile() as file:
        file.write(content)
        file.flush()
        async with asyncio.timeout(MOST_S):
            await (decoder or FileDecoder())(file, recording, longest_s)
        return recording.read(0, len(recording))


@pytest.mark.parametrize("name", sorted(hostile.sound_files()))
async def test_every_kind_of_file_is_decoded(name: str) -> None:
    heard = await decoded(hostile.sound_files()[name])
    assert len(heard) == pytest.approx(16_000, abs=1000)
    assert loudness_at(heard[4000:12_000], 440) > 5000


async def test_channels_and_rates_are_folded_to_one() -> None:
    both = stereo(tone(2.0, rate=44_100), np.zeros(88_200, dtype=np.int16))
    heard = await decoded(coded(both, "wav", "pcm_s16le", rate=44_100, layout="stereo"))
    assert len(heard) == pytest.approx(32_000, abs=20)
    assert loudness_at(heard[1600:-1600], 440) == pytest.approx(4000, rel=0.05)


@pytest.mark.parametrize("name", NAMES)
async def test_hostile_files_are_refused(name: str, trap: socket.socket, secret: Path) -> None:
    address = f"http://127.0.0.1:{trap.getsockname()[1]}"
    content = hostile.refused(address, str(secret))[name]
    with pytest.raises(RefusedFile) as refused:
        await decoded(content)
    assert not asked(trap)
    sentence = str(refused.value)
    assert sentence.endswith(".")
    assert not any(word in sentence.lower() for word in ("errno", "ffmpeg", "invalid", "moov", "/"))
    known = (NotMedia, DamagedMedia, MediaTooLong)
    assert isinstance(refused.value, known)


@pytest.mark.parametrize("name", sorted(hostile.references(ADDRESS, SECRET)))
async def test_what_a_file_refers_to_is_not_heard(
    name: str, trap: socket.socket, secret: Path
) -> None:
    address = f"http://127.0.0.1:{trap.getsockname()[1]}"
    heard = await decoded(hostile.references(address, str(secret))[name])
    assert not heard.any()
    assert not asked(trap)


@pytest.mark.parametrize("name", ODD_NAMES)
async def test_what_is_left_of_a_file_is_heard_or_refused(name: str) -> None:
    with suppress(DamagedMedia, NotMedia):
        assert len(await decoded(hostile.survived()[name])) > 0


@pytest.mark.parametrize("name", sorted(bombs()))
async def test_days_of_silence_in_a_small_file_are_refused(name: str) -> None:
    with pytest.raises(MediaTooLong, match="longer than 240 minutes"):
        await decoded(bombs()[name])


@pytest.mark.parametrize("name", sorted(heavy_bombs()))
async def test_what_would_take_minutes_to_decode_is_refused_at_once(name: str) -> None:
    """Each packet is told to be short, or its sound would be mixed down for minutes."""
    with pytest.raises(RefusedFile):
        await decoded(heavy_bombs()[name], decoder=FileDecoder(stall_s=MOST_S / 4))


async def test_a_second_tag_is_skipped_and_a_thousand_are_not() -> None:
    """Tags are skipped on the event loop: a file of nothing else would keep it for seconds."""
    mp3 = hostile.sound_files()["mp3"]
    assert len(await decoded(id3(b"") * 2 + mp3)) > 0
    with pytest.raises(NotMedia):
        await decoded(id3(b"") * 1000 + mp3)


async def test_a_length_is_a_promise_to_the_second() -> None:
    minute = coded(tone(60.0), "flac", "flac", rate=16_000)
    assert len(await decoded(minute, 60.0)) == 60 * 16_000
    with pytest.raises(MediaTooLong, match="longer than 1 minutes"):
        await decoded(minute + hostile.sound_files()["flac"], 60.0)


async def test_a_cancelled_decode_leaves_no_process() -> None:
    before = own_children()
    decoding = asyncio.create_task(decoded(bombs()["flac_of_unknown_length"]))
    await within(lambda: bool(own_children() - before), 30)
    children = own_children() - before
    decoding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await decoding
    assert not children & own_children()


async def test_a_decode_that_gets_no_time_is_nobodys_fault() -> None:
    with pytest.raises(Overloaded, match="too busy"):
        await decoded(hostile.sound_files()["wav"], decoder=FileDecoder(stall_s=0.0))


async def test_a_disk_that_is_full_is_not_the_files_fault(caplog: pytest.LogCaptureFixture) -> None:
    content = hostile.sound_files()[sorted(hostile.sound_files())[0]]
    with PcmFile() as recording, tempfile.TemporaryFile() as file:
        full = os.open("/dev/full", os.O_WRONLY)
        os.dup2(full, recording.fileno)  # from here on there is no space
        os.close(full)
        file.write(content)
        file.flush()
        with pytest.raises(Overloaded) as caught:
            await FileDecoder()(file, recording, LIMIT_S)
    assert caught.value.code == "no_space"
    assert "spool_dir" in caplog.text


def own_children() -> set[str]:
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


IN_THE_SANDBOX = """
import json, os, resource, socket, sys, threading
from livecaption.media.sandbox import close_the_door, leave_privileges
measures = leave_privileges(os.getppid())
known = open("/proc/self/status")
measures |= close_the_door(1000, 30)
found = {"measures": measures}
for name, attempt in {
    "socket": lambda: socket.socket(),
    "unix": lambda: socket.socketpair(),
    "open": lambda: open("/etc/hostname"),
    "fork": lambda: os.fork(),
    "program": lambda: os.execv("/bin/true", ["true"]),
    "thread": lambda: threading.Thread(target=int).start(),
    "memory": lambda: bytearray(1 << 30),
    "kill": lambda: os.kill(os.getppid(), 0),
    "others": lambda: resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE),
    "own": lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)),
}.items():
    try:
        attempt()
        found[name] = "done"
    except (OSError, RuntimeError, MemoryError) as error:
        found[name] = type(error).__name__
found["limits"] = [resource.getrlimit(limit)[0] for limit in (
    resource.RLIMIT_AS, resource.RLIMIT_NOFILE, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE)]
found["status"] = [line for line in known.read().splitlines() if "NoNewPrivs" in line]
os.write(1, json.dumps(found).encode())
os._exit(0)
"""


def test_the_sandbox_holds() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IN_THE_SANDBOX], capture_output=True, timeout=60, check=True
    )
    found = json.loads(done.stdout)
    memory, files, processor, bytes_written = found["limits"]
    assert memory == 1 << 30
    assert files == 16
    assert 0 < processor <= 30
    assert bytes_written < 2_000_000
    assert found["memory"] == "MemoryError"
    if found["measures"]["no_new_privileges"]:
        assert found["status"][0].endswith("1")
    if found["measures"]["seccomp"]:
        kept = {
            found[name] for name in ("socket", "unix", "open", "fork", "program", "kill", "others")
        }
        assert kept == {"PermissionError"}
        assert (found["thread"], found["own"]) == ("RuntimeError", "done")


def test_it_keeps_no_descriptor_but_its_own(tmp_path: Path) -> None:
    """Some event loops hand on whatever is open."""
    handed_on = os.open(os.devnull, os.O_RDONLY)
    (tmp_path / "bomb").write_bytes(bombs()["aac_of_silence"])
    with (tmp_path / "bomb").open("rb") as bomb, (tmp_path / "samples").open("wb") as samples:
        os.set_inheritable(handed_on, True)
        os.set_inheritable(samples.fileno(), True)
        words = ["aac", str(int(LIMIT_S) * 16_000), str(samples.fileno()), str(os.getpid())]
        child = subprocess.Popen(
            [sys.executable, "-m", "livecaption.media.decoder_child", *words],
            stdin=bomb,
            stdout=subprocess.PIPE,
            close_fds=False,
        )
        wanted = {"0", "1", "2", str(samples.fileno())}
        held: set[str] = set()
        while held != wanted and child.poll() is None:
            with suppress(OSError):  # it ended meanwhile
                held = set(os.listdir(f"/proc/{child.pid}/fd"))
        child.kill()
        child.communicate()
    os.close(handed_on)
    assert held == wanted


def test_it_dies_with_its_parent() -> None:
    """The parent of the decoder is killed while the decoder waits for its input."""
    script = (
        "import os, subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import os, time\\n"
        "from livecaption.media.sandbox import leave_privileges\\n"
        'leave_privileges(os.getppid())\\nos.write(1, b"x")\\n'
        "os.read(0, 1)'], stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
        "child.stdout.read(1)\n"
        "print(child.pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert parent.stdout is not None
    assert parent.stdin is not None
    child = os.pidfd_open(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    assert select.select([child], [], [], 30)[0]
    os.close(child)
    parent.stdin.close()
    parent.stdout.close()


def test_a_bomb_costs_little_memory() -> None:
    """Read from the process itself: what its parent needed does not count."""
    script = (
        "import io, resource, sys\n"
        "from livecaption.media.file_decoding import decode\n"
        "print(decode(io.BytesIO(sys.stdin.buffer.read()), 'flac', 14400 * 16000, len).outcome)\n"
        "print([l for l in open('/proc/self/status') if l.startswith('VmHWM')][0].split()[1])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        input=bombs()["flac_of_unknown_length"],
        capture_output=True,
        timeout=120,
        check=True,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )
    outcome, most_kib = done.stdout.split()
    assert outcome == b"too_long"
    assert int(most_kib) < 200_000
