"""Settings: where they come from, which wins, and what is refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from livecaption.access.rates import Limit, Rate
from livecaption.errors import OperatorError
from livecaption.settings import is_loopback, load_settings


def test_the_defaults_are_safe() -> None:
    settings = load_settings()
    assert (settings.host, settings.port, settings.allow_anonymous) == ("127.0.0.1", 8000, False)


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "livecaption.toml"
    file.write_text('port = 1001\nmax_streams = 3\nmodel = "small"\n')
    monkeypatch.setenv("LIVECAPTION_PORT", "1002")
    monkeypatch.setenv("LIVECAPTION_MAX_STREAMS", "4")
    settings = load_settings(file, port=1003, max_streams=None)
    assert (settings.port, settings.max_streams, settings.model) == (1003, 4, "small")


def test_lists_in_the_environment_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVECAPTION_ALLOWED_HOSTS", "captions.example,localhost")
    monkeypatch.setenv("LIVECAPTION_DEVICE_INDEX", "0,1")
    settings = load_settings()
    assert settings.allowed_hosts == ("captions.example", "localhost")
    assert settings.device_index == (0, 1)


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({"port": 70_000}, "port"),
        ({"hop": -1}, "hop"),
        ({"device": "tpu"}, "device"),
        ({"device_index": ("a",)}, "device_index"),
        ({"max_speed": 0.5}, "max_speed"),
    ],
)
def test_a_wrong_value_is_named_in_one_sentence(given: dict[str, object], names: str) -> None:
    with pytest.raises(OperatorError, match=names) as caught:
        load_settings(None, **given)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_missing_broken_or_misspelt_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"no configuration file .*none\.toml"):
        load_settings(tmp_path / "none.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("port = \n")
    with pytest.raises(OperatorError, match="cannot be read"):
        load_settings(broken)
    misspelt = tmp_path / "misspelt.toml"
    misspelt.write_text("prot = 1\n")
    with pytest.raises(OperatorError, match=r"no setting prot; did you mean port\?"):
        load_settings(misspelt)
    misspelt.write_text("zzz = 1\n")
    with pytest.raises(OperatorError, match=r"no setting zzz; docs/operations/options\.md"):
        load_settings(misspelt)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "::", "captions.example"])
def test_an_address_others_can_reach_must_be_asked_for(host: str) -> None:
    with pytest.raises(OperatorError, match=r"keys add.*--allow-anonymous"):
        load_settings(None, host=host).check_exposure(has_keys=False)
    load_settings(None, host=host).check_exposure(has_keys=True)
    load_settings(None, host=host, allow_anonymous=True).check_exposure(has_keys=False)
    load_settings(None, host=host, api_key="k").check_exposure(has_keys=False)


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True),
        ("127.8.0.1", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("10.0.0.1", False),
        ("example.com", False),
    ],
)
def test_loopback_is_recognised(host: str, *, local: bool) -> None:
    assert is_loopback(host) is local


def test_sinks_are_separated_by_spaces_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVECAPTION_SINKS", "youtube:a=http://x/?cid=key1,2 zoom:b=https://y/?key3")
    settings = load_settings()
    assert [sink.get_secret_value() for sink in settings.sinks] == [
        "youtube:a=http://x/?cid=key1,2",
        "zoom:b=https://y/?key3",
    ]
    assert not re.search(r"key\d", repr(settings))
    with pytest.raises(OperatorError) as caught:
        load_settings(None, sinks=[{"url": "key4"}])
    assert "key4" not in str(caught.value)


def test_a_word_list_is_read_at_once_and_its_faults_are_named(tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    with pytest.raises(OperatorError, match=r"word list .*words\.txt cannot be read: No such file"):
        load_settings(None, words=words)
    words.write_text("huzers = users\n!damn\n", "utf-8")
    assert load_settings(None, words=words).written.replacements == {"huzers": "users"}
    words.write_text("huzers\n", "utf-8")
    with pytest.raises(OperatorError, match=r"words\.txt, line 1: the entry has no"):
        load_settings(None, words=words)
    words.write_bytes(b"\xff\xfe")
    with pytest.raises(OperatorError, match=r"words\.txt is not UTF-8 text"):
        load_settings(None, words=words)
    assert not load_settings().written


def test_limits_come_as_rates_from_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = load_settings().limits
    assert usual.rates[Limit.REQUESTS] == Rate(30, 60)
    assert usual.rates[Limit.UPLOADS] == Rate(10_000_000, 86_400)
    assert usual.streams is None
    file = tmp_path / "livecaption.toml"
    file.write_text('limit_requests = "5/hour"\nlimit_reads = "off"\n')
    monkeypatch.setenv("LIVECAPTION_LIMIT_REQUESTS", "7 per day")
    monkeypatch.setenv("LIVECAPTION_TRUSTED_PROXIES", "127.0.0.1,10.0.0.0/8")
    settings = load_settings(file)
    assert settings.limits.rates[Limit.REQUESTS] == Rate(7, 86_400)
    assert settings.limits.rates[Limit.READS] is None
    assert [str(network) for network in settings.proxies] == ["127.0.0.1/32", "10.0.0.0/8"]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"limit_requests": "lots"}, "30/minute"),
        ({"trusted_proxies": "proxy.example"}, "proxy.example"),
        ({"token_s": 0}, "token_s"),
    ],
)
def test_limits_and_proxies_that_are_none_are_named(given: dict[str, Any], says: str) -> None:
    with pytest.raises(OperatorError, match=says):
        load_settings(None, **given)


def test_secrets_are_in_no_listing_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVECAPTION_API_KEY", "hunter2")
    monkeypatch.setenv("LIVECAPTION_PEPPER", "p" * 32)
    settings = load_settings()
    assert settings.single_key == b"hunter2"
    assert "hunter2" not in repr(settings)
    assert "p" * 32 not in repr(settings)
    assert load_settings(None, api_key="").single_key is None
