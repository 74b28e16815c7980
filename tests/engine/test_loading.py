from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import ctranslate2
import pytest

from livecaption.bundled import model_path
from livecaption.engine import loading
from livecaption.engine.base import ModelInfo
from livecaption.engine.cuda import CublasLibrary, CudaDevice, CudaReport
from livecaption.engine.loading import (
    LoadedModel,
    ModelOptions,
    cpu_workers,
    explain_failure,
    load_model,
    supported_compute_types,
)
from livecaption.errors import ModelNotFound, OperatorError
from tests.engine.multilingual import write_multilingual_model

pytestmark = pytest.mark.model

without_gpu = pytest.mark.skipif(
    ctranslate2.get_cuda_device_count() > 0, reason="tells what happens where CUDA fails"
)

PROMISING = CudaReport(
    devices=(CudaDevice(0, "GPU", (9, 0), 2**34),),
    driver=(12, 4),
    cublas=CublasLibrary("libcublas.so.12", (12, 9, 1)),
)


def quiet(sentence: str) -> None:
    pass


def load(path: Path) -> LoadedModel:
    return load_model(ModelOptions(model=str(path), device="cpu"), quiet)


@pytest.mark.parametrize(
    ("threads", "plan"),
    [(1, (1, 1)), (2, (2, 1)), (3, (3, 1)), (4, (2, 2)), (8, (2, 4)), (16, (4, 4)), (64, (8, 4))],
)
def test_the_threads_of_a_cpu_are_shared_by_workers(threads: int, plan: tuple[int, int]) -> None:
    assert cpu_workers(threads) == plan


def test_the_workers_of_a_cpu_use_as_many_cores_as_there_are() -> None:
    workers, threads = cpu_workers(0)
    assert workers * threads <= max(1, os.cpu_count() or 1)


def test_a_single_file_gets_one_worker_with_all_threads() -> None:
    options = ModelOptions(model="micro-en", device="cpu", cpu_threads=4, side_by_side=False)
    assert load_model(options, quiet).info.workers == 1


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(model_path(), tmp_path / "copy"))


def test_the_bundled_model_loads_on_the_cpu() -> None:
    loaded = load_model(ModelOptions(model="micro-en", device="cpu", cpu_threads=1), quiet)
    assert loaded.info == ModelInfo(
        name="micro-en",
        device="cpu",
        compute_type=loaded.info.compute_type,
        multilingual=False,
        languages=("en",),
        previous_text=False,
        workers=1,
    )
    assert loaded.info.compute_type.startswith("int8")
    assert not loaded.temperature_fallback


def test_a_multilingual_model_knows_the_languages_it_has_tokens_for(tmp_path: Path) -> None:
    loaded = load(write_multilingual_model(tmp_path / "both"))
    assert loaded.info.multilingual
    assert set(loaded.info.languages) == {"en", "de"}
    assert loaded.info.previous_text
    assert loaded.temperature_fallback
    assert loaded.info.name == "both"


@pytest.mark.parametrize(
    ("traits", "expected"),
    [
        ({}, (True, True, False)),
        ({"previous_text": False}, (False, True, False)),
        ({"temperature_fallback": False, "other": 1}, (True, False, False)),
        ({"short_windows": True}, (True, True, True)),
    ],
)
def test_a_models_maker_says_how_it_decodes_best(
    copy: Path, traits: dict[str, object], expected: tuple[bool, bool, bool]
) -> None:
    (copy / "livecaption.json").write_text(json.dumps(traits))
    loaded = load(copy)
    assert expected == (
        loaded.info.previous_text,
        loaded.temperature_fallback,
        loaded.short_windows,
    )


@pytest.mark.parametrize("text", ["{nope", "[]", '{"previous_text": "no"}', '{"previous_text": 1}'])
def test_malformed_traits_are_refused(copy: Path, text: str) -> None:
    (copy / "livecaption.json").write_text(text)
    with pytest.raises(ModelNotFound, match=r"livecaption\.json"):
        load(copy)


def test_a_compute_type_can_be_chosen() -> None:
    options = ModelOptions(model="micro-en", device="cpu", compute_type="float32")
    assert load_model(options, quiet).info.compute_type == "float32"


@pytest.mark.parametrize("compute_type", ["float17", "int8_bfloat16"])
def test_a_compute_type_that_is_not_offered_is_answered_with_those_that_are(
    compute_type: str,
) -> None:
    options = ModelOptions(model="micro-en", device="cpu", compute_type=compute_type)
    with pytest.raises(OperatorError) as caught:
        load_model(options, quiet)
    assert f"compute type {compute_type}; choose one of auto, default" in str(caught.value)
    assert all(name in str(caught.value) for name in supported_compute_types("cpu"))


def test_a_device_that_does_not_exist_is_refused() -> None:
    with pytest.raises(OperatorError, match="choose one of auto, cpu, cuda"):
        load_model(ModelOptions(device="tpu"), quiet)
    assert supported_compute_types("tpu") == ()


def cut(name: str, size: int) -> Callable[[Path], object]:
    return lambda directory: os.truncate(directory / name, size)


def write(name: str, text: str) -> Callable[[Path], object]:
    return lambda directory: (directory / name).write_text(text)


BREAKAGES = {
    "model cut short": cut("model.bin", 100_000),
    "model empty": cut("model.bin", 0),
    "model of something else": write("model.bin", "GGUF" * 1000),
    "config is no JSON": write("config.json", "{nope"),
    "config without alignment heads": write("config.json", '{"lang_ids": [], "suppress_ids": []}'),
    "config with alignment heads of another form": write(
        "config.json", '{"alignment_heads": [1, 2], "lang_ids": [], "suppress_ids": []}'
    ),
    "config with negative alignment heads": write(
        "config.json", '{"alignment_heads": [[-1, 0]], "lang_ids": [], "suppress_ids": []}'
    ),
    "vocabulary is no JSON": write("vocabulary.json", "{nope"),
    "tokenizer is no JSON": write("tokenizer.json", "{nope"),
    "tokenizer of something else": write(
        "tokenizer.json", '{"version": "1.0", "model": {"type": "BPE", "vocab": {}, "merges": []}}'
    ),
    "features of a larger model": write("preprocessor_config.json", '{"feature_size": 128}'),
}


@pytest.mark.parametrize("breakage", BREAKAGES)
def test_a_broken_model_is_one_sentence(copy: Path, breakage: str) -> None:
    BREAKAGES[breakage](copy)
    with pytest.raises(ModelNotFound) as caught:
        load(copy)
    assert str(caught.value).startswith(f"The model copy in {copy} cannot be loaded (")
    assert str(caught.value).endswith("); download or convert it again.")
    assert "\n" not in str(caught.value)


def test_a_model_of_another_kind_is_refused(copy: Path) -> None:
    binary = (copy / "model.bin").read_bytes().replace(b"WhisperSpec", b"WhisperSpex", 1)
    (copy / "model.bin").write_bytes(binary)
    with pytest.raises(ModelNotFound, match="cannot be loaded"):
        load(copy)


@without_gpu
def test_auto_without_a_gpu_says_why_and_takes_the_cpu() -> None:
    said: list[str] = []
    loaded = load_model(ModelOptions(model="micro-en"), said.append)
    assert loaded.info.device == "cpu"
    (sentence,) = said
    assert sentence.startswith("Using the CPU: ")


@without_gpu
def test_cuda_without_a_gpu_is_an_error() -> None:
    with pytest.raises(OperatorError, match="CUDA cannot be used: "):
        load_model(ModelOptions(model="micro-en", device="cuda"), quiet)


def test_a_missing_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = "libcublas.so.12 is missing; install it with pip install 'livecaption[cuda12]'"
    broken = CudaReport(devices=PROMISING.devices, driver=(12, 4), problem=problem)
    monkeypatch.setattr(loading, "probe", lambda: broken)
    with pytest.raises(OperatorError, match=r"pip install 'livecaption\[cuda12\]'"):
        load_model(ModelOptions(model="micro-en", device="cuda"), quiet)
    said: list[str] = []
    assert load_model(ModelOptions(model="micro-en"), said.append).info.device == "cpu"
    assert said == [f"Using the CPU: {problem}."]


@without_gpu
def test_a_gpu_that_fails_only_when_it_computes_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(loading, "probe", lambda: PROMISING)
    said: list[str] = []
    assert load_model(ModelOptions(model="micro-en"), said.append).info.device == "cpu"
    assert said[0].startswith("Using the CPU: ")
    with pytest.raises(OperatorError, match="CUDA cannot be used: "):
        load_model(ModelOptions(model="micro-en", device="cuda"), quiet)


def test_a_gpu_that_is_not_there_is_answered_with_those_that_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(loading, "probe", lambda: PROMISING)
    options = ModelOptions(model="micro-en", device="cuda", device_index=(0, 3))
    with pytest.raises(OperatorError, match=r"There is no GPU 3; there is 0 \(GPU\)\."):
        load_model(options, quiet)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("Library libcublas.so.12 is not found or cannot be loaded", "livecaption[cuda12]"),
        ("CUDA failed with error CUDA driver version is insufficient for CUDA runtime", "525"),
        ("CUDA failed with error no CUDA-capable device is detected", "no NVIDIA GPU"),
        ("CUDA failed with error invalid device ordinal", "--device-index"),
        ("CUDA failed with error out of memory", "not enough GPU memory"),
        ("no kernel image is available for execution on the device", "too old"),
        ("cuBLAS failed with status CUBLAS_STATUS_NOT_SUPPORTED", "--compute-type float16"),
        ("Unable to load any of {libcudnn_ops.so.9.1.0}", "cuDNN"),
    ],
)
def test_the_texts_of_ctranslate2_become_advice(text: str, advice: str) -> None:
    clause = explain_failure(RuntimeError(text))
    assert clause is not None
    assert advice in clause


def test_an_unknown_failure_is_not_explained_away() -> None:
    assert explain_failure(RuntimeError("something else")) is None


@pytest.mark.gpu
@pytest.mark.skipif(ctranslate2.get_cuda_device_count() == 0, reason="needs a CUDA device")
def test_the_bundled_model_runs_on_the_gpu() -> None:
    loaded = load_model(ModelOptions(model="micro-en", device="cuda"), quiet)
    assert loaded.info.device == "cuda"
    assert loaded.info.compute_type in ("float16", "bfloat16", "float32")
