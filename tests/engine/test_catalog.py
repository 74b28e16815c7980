from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import huggingface_hub.constants
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
from livecaption.engine.download import HubUnreachable
from livecaption.errors import ModelNotFound
from tests.engine.fake_hub import FakeHub, point_to, serving_the_bundled_model


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with serving_the_bundled_model(monkeypatch) as running:
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


@pytest.mark.parametrize("status", [503, 429])
def test_a_hub_that_is_down_counts_as_unreachable(
    hub: FakeHub, tmp_path: Path, status: int
) -> None:
    hub.refusals["Systran/"] = (status, {})
    said: list[str] = []
    assert resolved("auto", tmp_path, said).bundled
    assert f"HTTP {status}" in said[0]


def test_a_download_that_was_cut_off_is_completed(hub: FakeHub, tmp_path: Path) -> None:
    model = resolved("tiny", tmp_path, [])
    (model.path / "tokenizer.json").unlink()
    assert find_cached("tiny", tmp_path) is None
    assert resolved("tiny", tmp_path, []) == model
    assert missing_files(model.path) == []


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
