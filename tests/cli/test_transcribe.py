from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from livecaption.bundled import speech_clips
from tests.cli.command import CommandLine
from tests.engine.multilingual import write_multilingual_model

pytestmark = pytest.mark.model

REPOSITORY = Path(__file__).parents[2]
SHORT = str(REPOSITORY / "tests" / "data" / "speech" / "short_07.flac")
STARTED_ONCE = {**os.environ, "LIVECAPTION_RESTARTED": "1"}
LISTED = re.compile(r"\[ *\d+\.\d\d -> +\d+\.\d\d\] \S.*")


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    for name in list(os.environ):
        if name.startswith("LIVECAPTION_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("LIVECAPTION_MODEL", "micro-en")
    monkeypatch.setenv("LIVECAPTION_DEVICE", "cpu")
    return CommandLine(monkeypatch, capsys)


def test_the_listing_has_the_language_and_timed_lines(command: CommandLine) -> None:
    outcome = command("transcribe", SHORT)
    assert (outcome.status, outcome.err) == (0, "")
    first, *lines = outcome.out.splitlines()
    assert first == "Language: en (p=1.00)"
    assert lines
    assert all(LISTED.fullmatch(line) for line in lines)
    assert lines[0].index("->") == len("[  0.00 ")
    assert lines[0].index("]") == len("[  0.00 ->   4.20")


def test_words_are_listed_under_their_segment(command: CommandLine) -> None:
    lines = command("transcribe", SHORT, "--words").out.splitlines()[1:]
    spoken = [line for line in lines if re.fullmatch(r"     *\d+\.\d\d -> +\d+\.\d\d  \S+", line)]
    listed = [line for line in lines if LISTED.fullmatch(line)]
    assert len(spoken) + len(listed) == len(lines)
    said = "".join(line.split()[-1] for line in spoken)
    assert said == "".join(line.split("] ")[1] for line in listed).replace(" ", "")


def test_text_is_only_text(command: CommandLine) -> None:
    listed = command("transcribe", SHORT).out.splitlines()[1:]
    text = command("transcribe", SHORT, "--format", "txt").out.splitlines()
    assert text == [line.split("] ")[1] for line in listed]


def test_subtitles_are_chosen_by_format(command: CommandLine) -> None:
    srt = command("transcribe", SHORT, "--format", "srt").out
    assert srt.startswith("1\n00:00:0")
    vtt = command("transcribe", SHORT, "--format", "vtt").out
    assert vtt.startswith("WEBVTT\n\n00:00:0")
    assert vtt.split("\n")[3] == srt.split("\n")[2]


@pytest.mark.parametrize("words", [False, True])
def test_json_carries_words_when_asked(command: CommandLine, words: bool) -> None:
    arguments = ["--words"] if words else []
    document = json.loads(command("transcribe", SHORT, "--format", "json", *arguments).out)
    assert document["language"] == "en"
    assert document["duration"] == pytest.approx(6.52, abs=0.05)
    assert document["text"].split() == " ".join(s["text"] for s in document["segments"]).split()
    assert all(("words" in segment) == words for segment in document["segments"])


def test_every_option_is_an_environment_variable(
    command: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    output = tmp_path / "captions.vtt"
    for name, value in {"FORMAT": "vtt", "OUTPUT": str(output), "LANGUAGE": "en"}.items():
        monkeypatch.setenv(f"LIVECAPTION_{name}", value)
    outcome = command("transcribe", SHORT)
    assert (outcome.status, outcome.out) == (0, "")
    assert output.read_text(encoding="utf-8").startswith("WEBVTT\n")
    assert os.listdir(tmp_path) == ["captions.vtt"]


def test_a_failure_leaves_no_half_written_file(command: CommandLine, tmp_path: Path) -> None:
    output = tmp_path / "captions.txt"
    outcome = command("transcribe", __file__, "--output", str(output))
    assert outcome.status == 1
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["no-such-file.wav"], "error: There is no file no-such-file.wav"),
        ([__file__], "is not an audio or video file"),
        ([SHORT, "--output", "/no/such/folder/x.txt"], "error: /no/such/folder/x.txt cannot be"),
        ([SHORT, "--output", str(REPOSITORY)], "name a file in a folder that exists"),
        ([SHORT, "--language", "de"], "error: The model micro-en does not know the language de"),
        ([SHORT, "--task", "translate"], "knows English only and cannot translate"),
        ([SHORT, "--model", "nope"], "error: There is no model nope"),
        ([SHORT, "--device", "tpu"], "error: There is no device tpu"),
        ([SHORT, "--compute-type", "int1"], "choose one of auto, default, "),
    ],
)
def test_a_failure_is_one_sentence_and_status_1(
    command: CommandLine, arguments: list[str], sentence: str
) -> None:
    outcome = command("transcribe", *arguments)
    assert (outcome.status, outcome.out) == (1, "")
    assert sentence in outcome.err
    assert len(outcome.err.splitlines()) == 1


def test_a_wrong_choice_is_answered_by_the_usage(command: CommandLine) -> None:
    outcome = command("transcribe", SHORT, "--format", "docx")
    assert outcome.status == 2
    assert "'txt', 'srt', 'vtt', 'json'" in outcome.err


def test_a_language_is_detected_with_its_probability(command: CommandLine, tmp_path: Path) -> None:
    model = write_multilingual_model(tmp_path / "both")
    outcome = command("transcribe", SHORT, "--model", str(model), "--compute-type", "float32")
    assert outcome.status == 0
    assert re.match(r"Language: (en|de) \(p=0\.\d\d\)\n", outcome.out)


def test_on_a_terminal_the_bar_stays_off_standard_output() -> None:
    terminal, its_end = pty.openpty()
    clip = str(speech_clips()[1].audio)
    arguments = ["transcribe", clip, "--model", "micro-en", "--device", "cpu"]
    environment = {**STARTED_ONCE, "TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen(
        [sys.executable, "-m", "livecaption", *arguments],
        cwd=REPOSITORY,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=its_end,
        text=True,
    ) as process:
        os.close(its_end)
        out, _ = process.communicate(timeout=60)
    drawn = os.read(terminal, 65_536).decode()
    os.close(terminal)
    assert process.returncode == 0
    assert all(LISTED.fullmatch(line) for line in out.splitlines()[1:])
    assert "Transcribing" in drawn
    assert "\x1b" not in out


def test_ctrl_c_ends_it_without_a_traceback(tmp_path: Path) -> None:
    output = tmp_path / "captions.txt"
    arguments = ["transcribe", "-", "--model", "micro-en", "--device", "cpu"]
    with subprocess.Popen(
        [sys.executable, "-m", "livecaption", *arguments, "--output", str(output)],
        cwd=REPOSITORY,
        env=STARTED_ONCE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        # More than a pipe holds: once it is gone, the program is reading.
        process.stdin.write(bytes(1_000_000))
        process.stdin.flush()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert (out, err) == (b"", b"")
    assert os.listdir(tmp_path) == []
