from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import huggingface_hub.constants
import huggingface_hub.file_download
import pytest
from faster_whisper import available_models

from livecaption.bundled import model_path
from livecaption.engine.catalog import (
    ResolvedModel,
    auto_model,
    catalog,
    download_by_name,
    find_cached,
    missing_files,
    resolve,
)
from livecaption.engine.download import HubUnreachable, cache_root, size_text
from livecaption.errors import ModelNotFound
from tests.engine.fake_hub import FakeHub, serving


def point_to(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Do what HF_ENDPOINT does when the hub client is imported."""
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", endpoint)
    template = endpoint + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    files = {path.name: path.read_bytes() for path in model_path().iterdir()}
    files["README.md"] = b"not wanted"
    with serving(FakeHub(files)) as running:
        point_to(running.endpoint, monkeypatch)
        yield running


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    point_to(f"http://127.0.0.1:{port}", monkeypatch)


def resolved(name: str, root: Path, said: list[str], *, local: bool = False) -> ResolvedModel:
    return resolve(name, "cpu", root=root, local_files_only=local, report=said.append)


def test_a_named_model_is_downloaded_once_and_then_needs_no_network(
    hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    model = resolved("tiny.en", tmp_path, said)
    assert model.name == "tiny.en"
    assert not model.bundled
    assert missing_files(model.path) == []
    assert (model.path / "model.bin").read_bytes() == hub.files["model.bin"]
    assert not (model.path / "README.md").exists()
    assert said == [f"Downloading Systran/faster-whisper-tiny.en (9 MB) to {tmp_path}."]
    hub.requests.clear()
    assert resolved("tiny.en", tmp_path, said) == model
    assert hub.requests == []


def test_a_repository_of_the_hub_is_downloaded_by_its_name(hub: FakeHub, tmp_path: Path) -> None:
    model = resolved("acme/whisper-tiny", tmp_path, [])
    assert model.name == "acme/whisper-tiny"
    assert missing_files(model.path) == []


def test_auto_downloads_the_model_for_the_device(hub: FakeHub, tmp_path: Path) -> None:
    assert auto_model("cpu", tmp_path) == ("small", False)
    assert resolved("auto", tmp_path, []).name == "small"
    assert auto_model("cpu", tmp_path) == ("small", True)
    assert auto_model("cuda", tmp_path) == ("large-v3-turbo", False)


def test_auto_without_network_is_the_bundled_model_and_says_so(
    no_network: None, tmp_path: Path
) -> None:
    said: list[str] = []
    model = resolved("auto", tmp_path, said)
    assert model == ResolvedModel("micro-en", model_path(), bundled=True)
    (warning,) = said
    assert warning.startswith("WARNING: Systran/faster-whisper-small cannot be downloaded")
    assert "synthetic English voices only" in warning
    assert "livecaption models pull small" in warning


def test_auto_with_downloads_off_is_the_bundled_model(tmp_path: Path) -> None:
    said: list[str] = []
    assert resolved("auto", tmp_path, said, local=True).bundled
    assert "downloads are switched off" in said[0]


def test_a_model_asked_for_by_name_is_never_replaced(no_network: None, tmp_path: Path) -> None:
    with pytest.raises(HubUnreachable, match="cannot be reached; check the network"):
        resolved("small", tmp_path, [])
    with pytest.raises(HubUnreachable, match="downloads are switched off"):
        resolved("small", tmp_path, [], local=True)


def test_offline_mode_of_the_hub_client_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(HubUnreachable, match="HF_HUB_OFFLINE"):
        resolved("small", tmp_path, [])


@pytest.mark.parametrize(
    ("status", "headers", "sentence"),
    [
        (404, {"X-Error-Code": "RepoNotFound"}, "There is no model acme/model on Hugging Face"),
        (401, {"X-Error-Message": "Invalid username or password."}, r"refuses.*HTTP 401.*HF_TOKEN"),
        (403, {"X-Error-Code": "GatedRepo"}, "accept its conditions: do so at .*/acme/model"),
        (403, {}, r"refuses acme/model \(HTTP 403\)"),
    ],
)
def test_a_refusal_is_one_sentence(
    hub: FakeHub, tmp_path: Path, status: int, headers: dict[str, str], sentence: str
) -> None:
    hub.refusals["acme/model"] = (status, headers)
    with pytest.raises(ModelNotFound, match=sentence) as caught:
        resolved("acme/model", tmp_path, [])
    assert "\n" not in str(caught.value)
    assert not isinstance(caught.value, HubUnreachable)


@pytest.mark.parametrize("status", [503, 429])
def test_a_hub_that_is_down_counts_as_unreachable(
    hub: FakeHub, tmp_path: Path, status: int
) -> None:
    hub.refusals["Systran/"] = (status, {})
    said: list[str] = []
    assert resolved("auto", tmp_path, said).bundled
    assert f"HTTP {status}" in said[0]


def test_a_model_bigger_than_the_disk_is_refused_before_the_download(
    hub: FakeHub, tmp_path: Path
) -> None:
    hub.claimed_bytes["model.bin"] = 10**18
    with pytest.raises(ModelNotFound, match=r"needs 1000000000.0 GB, but .* free; make room"):
        resolved("tiny", tmp_path, [])
    assert not any("/resolve/" in request for request in hub.requests)


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "disk of .* is full"),
        (RuntimeError("I/O: No space left on device (os error 28)"), "disk of .* is full"),
        (PermissionError(errno.EACCES, "Permission denied"), "may not write there"),
        (OSError(errno.EROFS, "Read-only file system"), "read-only"),
        (RuntimeError("error sending request"), "cannot be reached"),
    ],
)
def test_a_disk_that_fails_during_the_download_is_named(
    hub: FakeHub,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    failure: Exception,
    sentence: str,
) -> None:
    def fail(*args: object, **kwargs: object) -> NoReturn:
        raise failure

    monkeypatch.setattr(huggingface_hub.file_download, "http_get", fail)
    with pytest.raises(ModelNotFound, match=sentence):
        resolved("tiny", tmp_path, [])


def test_a_download_that_was_cut_off_is_completed(hub: FakeHub, tmp_path: Path) -> None:
    model = resolved("tiny", tmp_path, [])
    (model.path / "tokenizer.json").unlink()
    assert find_cached("tiny", tmp_path) is None
    assert resolved("tiny", tmp_path, []) == model
    assert missing_files(model.path) == []


def test_a_repository_without_a_converted_model_is_refused(hub: FakeHub, tmp_path: Path) -> None:
    del hub.files["model.bin"]
    with pytest.raises(ModelNotFound, match="holds no CTranslate2 model"):
        resolved("openai/whisper-tiny", tmp_path, [])


def test_a_repository_that_lacks_a_part_is_refused(hub: FakeHub, tmp_path: Path) -> None:
    del hub.files["tokenizer.json"]
    with pytest.raises(ModelNotFound, match=r"incomplete: .* lacks tokenizer\.json"):
        resolved("acme/model", tmp_path, [])


def test_pull_asks_the_hub_for_a_newer_version(hub: FakeHub, tmp_path: Path) -> None:
    download_by_name("tiny", tmp_path, lambda sentence: None)
    hub.requests.clear()
    said: list[str] = []
    download_by_name("tiny", tmp_path, said.append)
    assert hub.requests
    assert said == []


def test_pull_refuses_what_is_no_name_on_the_hub(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="did you mean small"):
        download_by_name("smal", tmp_path, lambda sentence: None)


def test_the_bundled_model_needs_nothing(no_network: None, tmp_path: Path) -> None:
    assert resolved("micro-en", tmp_path, []).path == model_path()


def test_a_directory_is_taken_as_it_is(tmp_path: Path) -> None:
    link = tmp_path / "my-model"
    link.symlink_to(model_path())
    model = resolved(str(link), tmp_path, [])
    assert (model.name, model.path, model.bundled) == (model_path().name, link, False)


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ([], r"lacks model\.bin, config\.json, tokenizer\.json, vocabulary\.json"),
        (["model.bin", "config.json", "vocabulary.txt"], r"lacks tokenizer\.json;"),
        (["model.safetensors", "config.json"], "convert it with: ct2-transformers-converter"),
    ],
)
def test_an_incomplete_directory_says_what_it_lacks(
    tmp_path: Path, files: list[str], sentence: str
) -> None:
    for name in files:
        (tmp_path / name).touch()
    with pytest.raises(ModelNotFound, match=sentence):
        resolved(str(tmp_path), tmp_path, [])


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("larg-v3", "did you mean large-v3?"),
        ("zzz", "choose one of micro-en, tiny.en, "),
        ("/no/such/place", "There is no model directory /no/such/place"),
        ("./nowhere", "There is no model directory ./nowhere"),
        (__file__, "is a file; a model is a directory"),
        ("", "There is no model"),
    ],
)
def test_an_unknown_name_is_answered_with_a_hint(tmp_path: Path, name: str, sentence: str) -> None:
    with pytest.raises(ModelNotFound) as caught:
        resolved(name, tmp_path, [])
    assert sentence in str(caught.value)


def test_the_catalog_lists_every_name_and_what_is_here(hub: FakeHub, tmp_path: Path) -> None:
    resolved("tiny", tmp_path, [])
    entries = {entry.name: entry for entry in catalog(tmp_path)}
    assert list(entries) == ["micro-en", *available_models()]
    assert entries["micro-en"].bundled
    assert entries["tiny"].path is not None
    assert entries["tiny"].size_bytes == pytest.approx(8.7e6, rel=0.02)
    assert entries["base"].path is None
    assert entries["base"].repository == "Systran/faster-whisper-base"


def test_the_cache_is_the_hub_clients_own_unless_another_is_named(tmp_path: Path) -> None:
    assert cache_root(tmp_path) == tmp_path
    assert cache_root(None) == Path(huggingface_hub.constants.HF_HUB_CACHE)


def test_sizes_are_for_people() -> None:
    assert [size_text(n) for n in (1, 75_400_000, 1_620_000_000)] == ["1 MB", "75 MB", "1.6 GB"]
