"""What stands between this machine and CUDA, found without CTranslate2 and without subprocesses.

CTranslate2's wheels hold the CUDA runtime and open two things when they first compute: the
driver (``libcuda.so.1``) and cuBLAS (``libcublas.so.12``). The cuBLAS wheel lies where the dynamic
loader does not look, and a library that is already open is found by its name; so opening it here
first spares the user ``LD_LIBRARY_PATH``, the most reported trouble of installing on a GPU.

This module must not know models.
"""

from __future__ import annotations

import ctypes
import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

__all__ = [
    "INSTALL_CUBLAS",
    "CublasLibrary",
    "CudaDevice",
    "CudaReport",
    "Driver",
    "preload_cublas",
    "probe",
]

INSTALL_CUBLAS = "pip install 'livecaption[cuda12]'"

_OLDEST_DRIVER = 12_000
"""CUDA 12.0: any driver of the same major version runs what was built for a later 12.x."""

_DRIVER_ERRORS = {
    100: "the driver finds no NVIDIA GPU; in a container, start it with access to the GPU "
    "(docker run --gpus all)",
    802: "the GPUs are not initialised yet; on systems with NVSwitch, start nvidia-fabricmanager",
    803: "the NVIDIA driver was updated but not restarted; restart the machine",
    804: "this GPU does not support the installed CUDA compatibility package; remove it",
}

_CAPABILITY_MAJOR, _CAPABILITY_MINOR = 75, 76
_NAME_BYTES = 128


@dataclass(frozen=True, slots=True)
class CudaDevice:
    """One GPU, by the index CTranslate2 uses."""

    index: int
    name: str
    capability: tuple[int, int]
    """Compute capability, (major, minor)."""
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class CublasLibrary:
    """The cuBLAS that CTranslate2 will use."""

    path: str
    """Where it was opened from; only its name when the dynamic loader found it."""
    version: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class CudaReport:
    """What was found; usable when ``problem`` is None."""

    devices: tuple[CudaDevice, ...] = ()
    driver: tuple[int, int] | None = None
    """Newest CUDA version that the driver supports, (major, minor); None without a driver."""
    cublas: CublasLibrary | None = None
    problem: str | None = None
    """Why CUDA cannot be used, and what to do: a clause without a full stop."""

    @property
    def usable(self) -> bool:
        """Whether everything CTranslate2 needs was found."""
        return self.problem is None


class Driver(Protocol):
    """The few functions of ``libcuda`` used here; each returns 0 or an error code."""

    def cuDriverGetVersion(self, version: object) -> int: ...  # noqa: D102
    def cuInit(self, flags: int) -> int: ...  # noqa: D102
    def cuDeviceGetCount(self, count: object) -> int: ...  # noqa: D102
    def cuDeviceGet(self, device: object, index: int) -> int: ...  # noqa: D102
    def cuDeviceGetName(self, name: object, length: int, device: object) -> int: ...  # noqa: D102
    def cuDeviceGetAttribute(self, value: object, attribute: int, device: object) -> int: ...  # noqa: D102
    def cuDeviceTotalMem_v2(self, size: object, device: object) -> int: ...  # noqa: D102


def probe(
    driver: Driver | None = None, *, cublas: Callable[[], CublasLibrary | None] | None = None
) -> CudaReport:
    """Look for a usable GPU; opens the libraries that CTranslate2 will need.

    Args:
        driver: in place of ``libcuda.so.1``.
        cublas: in place of ``preload_cublas``.
    """
    driver = driver or _open_driver()
    if driver is None:
        return CudaReport(problem="there is no NVIDIA driver (libcuda.so.1) on this machine")
    version = ctypes.c_int()
    driver.cuDriverGetVersion(ctypes.byref(version))
    supported = (version.value // 1000, version.value % 1000 // 10)
    if version.value < _OLDEST_DRIVER:
        return CudaReport(
            driver=supported,
            problem=f"the NVIDIA driver supports CUDA {supported[0]}.{supported[1]} only; "
            "install driver 525 or newer (CUDA 12)",
        )
    problem = _initialise(driver)
    if problem:
        return CudaReport(driver=supported, problem=problem)
    devices = tuple(_devices(driver))
    library = (cublas or preload_cublas)()
    return CudaReport(
        devices=devices,
        driver=supported,
        cublas=library,
        problem=None if library else _missing_cublas(),
    )


def preload_cublas(directories: Sequence[Path] | None = None) -> CublasLibrary | None:
    """Open cuBLAS 12 for the whole process; call it before the first CUDA call of CTranslate2.

    Args:
        directories: where to look before the dynamic loader is asked; the wheels' by default.

    Returns:
        What was opened, or None when there is none or it is broken.
    """
    for directory in _wheel_directories() if directories is None else directories:
        library = _open_cublas(f"{directory}/")
        if library:
            return library
    return _open_cublas("")


def _open_cublas(prefix: str) -> CublasLibrary | None:
    try:
        # libcublas needs libcublasLt and would look for it where the loader looks.
        light = ctypes.CDLL(f"{prefix}libcublasLt.so.12", mode=ctypes.RTLD_GLOBAL)
        ctypes.CDLL(f"{prefix}libcublas.so.12", mode=ctypes.RTLD_GLOBAL)
        light.cublasLtGetVersion.restype = ctypes.c_size_t
        number = int(light.cublasLtGetVersion())
    except (OSError, AttributeError):
        return None
    version = (number // 10_000, number // 100 % 100, number % 100)
    return CublasLibrary(f"{prefix}libcublas.so.12", version)


def _open_driver() -> Driver | None:
    try:
        library: Driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return None
    return library


def _initialise(driver: Driver) -> str | None:
    """Start the driver; return what is wrong, if anything."""
    code = driver.cuInit(0)
    if code:
        known = _DRIVER_ERRORS.get(code)
        return known or f"the NVIDIA driver fails to start (CUDA error {code}); run nvidia-smi"
    count = ctypes.c_int()
    driver.cuDeviceGetCount(ctypes.byref(count))
    return None if count.value else _DRIVER_ERRORS[100]


def _devices(driver: Driver) -> list[CudaDevice]:
    count = ctypes.c_int()
    driver.cuDeviceGetCount(ctypes.byref(count))
    return [_device(driver, index) for index in range(count.value)]


def _device(driver: Driver, index: int) -> CudaDevice:
    handle = ctypes.c_int()
    name = ctypes.create_string_buffer(_NAME_BYTES)
    memory = ctypes.c_size_t()
    driver.cuDeviceGet(ctypes.byref(handle), index)
    driver.cuDeviceGetName(name, _NAME_BYTES, handle)
    driver.cuDeviceTotalMem_v2(ctypes.byref(memory), handle)
    capability = []
    for attribute in (_CAPABILITY_MAJOR, _CAPABILITY_MINOR):
        value = ctypes.c_int()
        driver.cuDeviceGetAttribute(ctypes.byref(value), attribute, handle)
        capability.append(value.value)
    major, minor = capability
    return CudaDevice(index, name.value.decode("utf-8", "replace"), (major, minor), memory.value)


def _missing_cublas() -> str:
    problem = f"the CUDA 12 library libcublas.so.12 is missing; install it with {INSTALL_CUBLAS}"
    if _has_cublas_13():
        problem += " (the CUDA 13 version that is here does not serve)"
    return problem


def _has_cublas_13() -> bool:
    if any((d / "libcublas.so.13").exists() for d in _wheel_directories()):
        return True
    try:
        ctypes.CDLL("libcublas.so.13")
    except OSError:
        return False
    return True


def _wheel_directories() -> list[Path]:
    """Library folders of NVIDIA's wheels, which share the namespace package ``nvidia``."""
    spec = importlib.util.find_spec("nvidia")
    places = spec.submodule_search_locations if spec else None
    return sorted(lib for place in places or () for lib in Path(place).glob("*/lib"))
