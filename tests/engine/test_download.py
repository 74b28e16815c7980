from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import huggingface_hub.constants
import huggingface_hub.file_download
import pytest

from livecaption.engine.download import HubUnreachable, cache_root, cached, download, size_text
from livecaption.errors import ModelNotFound
from tests.engine.fake_hub import FakeHub, serving_the_bundled_model


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with serving_the_bundled_model(monkeypatch) as running:
        yield running


def fetch(repository: str, root: Path) -> Path:
    return download(repository, root, lambda sentence: None)


def test_only_what_a_model_needs_is_downloaded(hub: FakeHub, tmp_path: Path) -> None:
    assert cached("acme/model", tmp_path) is None
    path = fetch("acme/model", tmp_path)
    assert {file.name for file in path.iterdir()} == set(hub.files) - {
        "README.md",
        "livecaption.json",
    }
    assert cached("acme/model", tmp_path) == path


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
        fetch("acme/model", tmp_path)
    assert "\n" not in str(caught.value)
    assert not isinstance(caught.value, HubUnreachable)


def test_a_model_bigger_than_the_disk_is_refused_before_the_download(
    hub: FakeHub, tmp_path: Path
) -> None:
    hub.claimed_bytes["model.bin"] = 10**18
    with pytest.raises(ModelNotFound, match=r"needs 1000000000.0 GB, but .* free; make room"):
        fetch("acme/model", tmp_path)
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
        fetch("acme/model", tmp_path)


def test_a_repository_without_a_converted_model_is_refused(hub: FakeHub, tmp_path: Path) -> None:
    del hub.files["model.bin"]
    with pytest.raises(ModelNotFound, match="holds no CTranslate2 model"):
        fetch("openai/whisper-tiny", tmp_path)


def test_the_cache_is_the_hub_clients_own_unless_another_is_named(tmp_path: Path) -> None:
    assert cache_root(tmp_path) == tmp_path
    assert cache_root(None) == Path(huggingface_hub.constants.HF_HUB_CACHE)


def test_sizes_are_for_people() -> None:
    assert [size_text(n) for n in (1, 75_400_000, 1_620_000_000)] == ["1 MB", "75 MB", "1.6 GB"]
