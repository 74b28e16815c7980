"""GPUs through NVIDIA's library: a fake with its published functions stands in for the driver."""

from __future__ import annotations

import inspect
import threading
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pynvml
import pytest

from livecaption.metrics.exposition import Exposition
from livecaption.metrics.gpu import GpuMonitor, GpuReading, Nvml, load_nvml

GIB = 2**30


@dataclass
class FakeNvml:
    """Two GPUs; ``broken`` answers as a driver does that has lost one."""

    broken: bool = False
    hanging: threading.Event | None = None
    calls: list[str] = field(default_factory=list)

    def nvmlInit(self) -> None:
        self.calls.append("nvmlInit")

    def nvmlShutdown(self) -> None:
        self.calls.append("nvmlShutdown")

    def nvmlDeviceGetCount(self) -> int:
        if self.hanging is not None:
            self.hanging.wait(10)
        if self.broken:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_GPU_IS_LOST)
        return 2

    def nvmlDeviceGetHandleByIndex(self, index: int) -> Any:
        return index

    def nvmlDeviceGetMemoryInfo(self, handle: Any) -> Any:
        return SimpleNamespace(used=(handle + 1) * GIB, total=80 * GIB, free=(79 - handle) * GIB)

    def nvmlDeviceGetUtilizationRates(self, handle: Any) -> Any:
        return SimpleNamespace(gpu=25 * (handle + 1), memory=3)

    def nvmlDeviceGetTemperature(self, handle: Any, sensor: int) -> int:
        assert sensor == pynvml.NVML_TEMPERATURE_GPU
        return 50 + int(handle)


FUNCTIONS = [name for name in vars(Nvml) if name.startswith("nvml")]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_library_has_each_function_with_the_parameters_we_give(name: str) -> None:
    theirs = list(inspect.signature(getattr(pynvml, name)).parameters.values())
    ours = list(inspect.signature(getattr(FakeNvml, name)).parameters)[1:]
    required = [p for p in theirs if p.default is p.empty and p.kind is not p.VAR_KEYWORD]
    assert len(required) <= len(ours) <= len(theirs)


def test_the_fields_we_read_are_those_of_the_librarys_structures() -> None:
    memory = {name for name, *_ in pynvml.c_nvmlMemory_t._fields_}
    rates = {name for name, *_ in pynvml.c_nvmlUtilization_t._fields_}
    assert {"used", "total"} <= memory
    assert "gpu" in rates


async def test_every_gpu_is_read_in_base_units() -> None:
    monitor = GpuMonitor(FakeNvml())
    await monitor.refresh()
    assert monitor.latest == (
        GpuReading(index=0, used_bytes=GIB, total_bytes=80 * GIB, busy=0.25, celsius=50.0),
        GpuReading(index=1, used_bytes=2 * GIB, total_bytes=80 * GIB, busy=0.5, celsius=51.0),
    )
    text = Exposition(monitor.families).text("")[0].decode()
    assert 'livecaption_gpu_memory_used_bytes{gpu="1"} 2.147483648e+09' in text
    assert 'livecaption_gpu_memory_total_bytes{gpu="0"} 8.58993459' in text
    assert 'livecaption_gpu_utilization_ratio{gpu="1"} 0.5' in text
    assert 'livecaption_gpu_temperature_celsius{gpu="0"} 50.0' in text
    monitor.close()


async def test_a_driver_that_fails_shows_nothing_rather_than_old_figures() -> None:
    library = FakeNvml()
    monitor = GpuMonitor(library)
    await monitor.refresh()
    library.broken = True
    await monitor.refresh()
    assert list(monitor.latest) == list(monitor.families()) == []
    monitor.close()
    assert library.calls == ["nvmlShutdown"]


async def test_a_driver_that_hangs_holds_nobody_up() -> None:
    released = threading.Event()
    library = FakeNvml(hanging=released)
    monitor = GpuMonitor(library, wait_s=0.05)
    await monitor.refresh()
    await monitor.refresh()  # waits for the same reading, starts no second one
    assert list(monitor.latest) == []
    released.set()
    for _ in range(100):
        await monitor.refresh()
        if monitor.latest:
            break
    assert len(monitor.latest) == 2
    monitor.close()


async def test_a_machine_without_gpus_has_no_gpu_metrics() -> None:
    monitor = GpuMonitor(None)
    await monitor.refresh()
    assert list(monitor.families()) == []
    monitor.close()


def test_without_a_driver_there_is_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_driver() -> None:
        raise pynvml.NVMLError(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND)

    monkeypatch.setattr(pynvml, "nvmlInit", no_driver)
    assert load_nvml() is None


def test_without_the_extra_there_is_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr("importlib.import_module", missing)
    assert load_nvml() is None
