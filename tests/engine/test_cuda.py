from __future__ import annotations

import ctypes
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from livecaption.engine.cuda import CublasLibrary, CudaDevice, preload_cublas, probe

LIBRARY = CublasLibrary("libcublas.so.12", (12, 9, 1))


class FakeDriver:
    """Answers as libcuda does: through pointers, with an error code as result."""

    def __init__(self, version: int = 12_040, start: int = 0, devices: int = 2) -> None:
        self.version, self.start, self.devices = version, start, devices

    def cuDriverGetVersion(self, version: Any) -> int:
        version._obj.value = self.version
        return 0

    def cuInit(self, flags: int) -> int:
        return self.start

    def cuDeviceGetCount(self, count: Any) -> int:
        count._obj.value = self.devices
        return 0

    def cuDeviceGet(self, device: Any, index: int) -> int:
        device._obj.value = index
        return 0

    def cuDeviceGetName(self, name: Any, length: int, device: Any) -> int:
        name.value = f"GPU {device.value}".encode()
        return 0

    def cuDeviceGetAttribute(self, value: Any, attribute: int, device: Any) -> int:
        value._obj.value = {75: 9, 76: 0}[attribute]
        return 0

    def cuDeviceTotalMem_v2(self, size: Any, device: Any) -> int:
        size._obj.value = 80 * 2**30
        return 0


def test_a_working_gpu_is_described() -> None:
    report = probe(FakeDriver(), cublas=lambda: LIBRARY)
    assert report.usable
    assert report.driver == (12, 4)
    assert report.cublas == LIBRARY
    assert report.devices == (
        CudaDevice(0, "GPU 0", (9, 0), 80 * 2**30),
        CudaDevice(1, "GPU 1", (9, 0), 80 * 2**30),
    )


@pytest.mark.parametrize(
    ("driver", "advice"),
    [
        (FakeDriver(version=11_040), "CUDA 11.4 only; install driver 525"),
        (FakeDriver(start=100), "no NVIDIA GPU"),
        (FakeDriver(devices=0), "no NVIDIA GPU"),
        (FakeDriver(start=803), "restart the machine"),
        (FakeDriver(start=999), "CUDA error 999"),
    ],
)
def test_a_driver_that_does_not_serve_is_named_with_what_to_do(
    driver: FakeDriver, advice: str
) -> None:
    report = probe(driver, cublas=lambda: LIBRARY)
    assert not report.usable
    assert report.problem is not None
    assert advice in report.problem
    assert report.devices == ()


def test_a_missing_library_is_named_with_how_to_install_it() -> None:
    report = probe(FakeDriver(), cublas=lambda: None)
    assert not report.usable
    assert report.problem is not None
    assert "pip install 'livecaption[cuda12]'" in report.problem
    assert len(report.devices) == 2


def test_a_cuda_13_library_is_said_not_to_serve(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    libraries = tmp_path / "nvidia" / "cu13" / "lib"
    libraries.mkdir(parents=True)
    (libraries / "libcublas.so.13").touch()
    monkeypatch.syspath_prepend(tmp_path)
    report = probe(FakeDriver(), cublas=lambda: None)
    assert report.problem is not None
    assert "CUDA 13" in report.problem


def test_this_machine_can_be_probed_whatever_it_has() -> None:
    report = probe()
    assert report.usable == (report.problem is None)
    assert bool(report.devices) or not report.usable


def test_a_broken_library_is_no_library(tmp_path: Path) -> None:
    for name in ("libcublasLt.so.12", "libcublas.so.12"):
        (tmp_path / name).write_bytes(b"not a library")
    found = preload_cublas([tmp_path])
    assert found is None or not found.path.startswith(str(tmp_path))


@pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("cc") is None, reason="builds a library with cc"
)
def test_a_preloaded_library_is_found_by_its_name(tmp_path: Path) -> None:
    source = tmp_path / "stand_in.c"
    source.write_text("unsigned long cublasLtGetVersion(void) { return 120903; }\n")
    for name in ("libcublasLt.so.12", "libcublas.so.12"):
        command = ["cc", "-shared", "-fPIC", f"-Wl,-soname,{name}", "-o", name, source.name]
        subprocess.run(command, check=True, timeout=60, cwd=tmp_path)
    # In a process of its own: a library cannot be closed again.
    program = (
        "import ctypes, sys, pathlib\n"
        "from livecaption.engine.cuda import preload_cublas\n"
        "print(preload_cublas([pathlib.Path(sys.argv[1])]).version)\n"
        "ctypes.CDLL('libcublas.so.12').cublasLtGetVersion\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout.strip() == "(12, 9, 3)"


def test_the_fakes_speak_as_ctypes_does() -> None:
    """Pins the one detail of ctypes that the fake driver relies on."""
    number = ctypes.c_int(1)
    pointer: Any = ctypes.byref(number)
    pointer._obj.value = 7
    assert number.value == 7
