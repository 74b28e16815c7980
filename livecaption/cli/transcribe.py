"""``livecaption transcribe``: one file to text or subtitles, without a server."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TextIO

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from livecaption.cli.models import DownloadRoot
from livecaption.cli.terminal import report, stderr
from livecaption.core.file_transcript import FileInfo, FileOptions
from livecaption.core.subtitles import Segment, to_json, to_srt, to_txt, to_vtt
from livecaption.engine.base import ModelInfo
from livecaption.engine.files import FileTranscriber, FileTranscription
from livecaption.engine.loading import ModelOptions, load_model
from livecaption.errors import OperatorError
from livecaption.media.recording import PcmFile, record
from livecaption.media.sources import open_source

__all__ = ["transcribe"]


class Format(StrEnum):
    """What to write in place of the listing."""

    TXT = "txt"
    SRT = "srt"
    VTT = "vtt"
    JSON = "json"


class Task(StrEnum):
    """What to do with the speech."""

    TRANSCRIBE = "transcribe"
    TRANSLATE = "translate"


_EXACT_CUES = (Format.SRT, Format.VTT)
"""Long segments become several cues, which only the times of words can place."""


def transcribe(
    file: Annotated[
        str, typer.Argument(help="An audio or video file, or - for raw 16 kHz PCM on stdin.")
    ],
    output_format: Annotated[
        Format | None,
        typer.Option("--format", envvar="LIVECAPTION_FORMAT", show_default="a listing with times"),
    ] = None,
    words: Annotated[
        bool, typer.Option("--words", help="Give the words' times.", envvar="LIVECAPTION_WORDS")
    ] = False,
    language: Annotated[
        str | None,
        typer.Option(
            help="Such as en or de.", envvar="LIVECAPTION_LANGUAGE", show_default="detected"
        ),
    ] = None,
    task: Annotated[
        Task, typer.Option(help="Translate into English?", envvar="LIVECAPTION_TASK")
    ] = Task.TRANSCRIBE,
    model: Annotated[
        str,
        typer.Option(
            help="A name (livecaption models list), an owner/name on Hugging Face, a directory.",
            envvar="LIVECAPTION_MODEL",
        ),
    ] = "auto",
    device: Annotated[
        str, typer.Option(help="auto, cpu or cuda.", envvar="LIVECAPTION_DEVICE")
    ] = "auto",
    compute_type: Annotated[
        str, typer.Option(help="int8, float16, …", envvar="LIVECAPTION_COMPUTE_TYPE")
    ] = "auto",
    output: Annotated[
        Path | None,
        typer.Option(help="Write to a file.", envvar="LIVECAPTION_OUTPUT", show_default="stdout"),
    ] = None,
    download_root: DownloadRoot = None,
) -> None:
    """Transcribe one audio or video file."""
    if file != "-":
        with open_source(file):
            pass  # a file that cannot be read is said before a model is loaded
    if output is not None and (output.is_dir() or not output.parent.is_dir()):
        raise OperatorError(f"{output} cannot be written: name a file in a folder that exists.")
    loaded = load_model(
        ModelOptions(
            model=model,
            device=device,
            compute_type=compute_type,
            download_root=download_root,
            side_by_side=False,
        ),
        report,
    )
    _check_language(loaded.info, language, task)
    options = FileOptions(
        language=language, task=task, word_timestamps=words or output_format in _EXACT_CUES
    )
    with _destination(output) as write, _progress() as show, _recorded(file) as recording:
        transcription = FileTranscriber(loaded).open(recording, options)
        if output_format is None:
            _list(transcription, write, show)
        else:
            segments = list(_watched(transcription, show))
            write(_document(output_format, segments, transcription.info))


def _recorded(file: str) -> PcmFile:
    with open_source(file) as source:
        return record(source)


def _list(
    transcription: FileTranscription,
    write: Callable[[str], None],
    show: Callable[[FileTranscription], None],
) -> None:
    """Write each segment as soon as it is known."""
    info = transcription.start()
    language = info.language or "unknown"
    write(f"Language: {language} (p={info.language_probability:.2f})\n")
    for segment in _watched(transcription, show):
        write(f"[{segment.start:6.2f} -> {segment.end:6.2f}] {segment.text.strip()}\n")
        for word in segment.words:
            write(f"    {word.start:6.2f} -> {word.end:6.2f}  {word.text.strip()}\n")


def _watched(
    transcription: FileTranscription, show: Callable[[FileTranscription], None]
) -> Iterator[Segment]:
    while (window := transcription.next_window()) is not None:
        show(transcription)
        yield from window


def _document(output_format: Format, segments: Sequence[Segment], info: FileInfo) -> str:
    if output_format is Format.JSON:
        document = to_json(
            segments,
            language=info.language,
            language_probability=info.language_probability,
            duration=info.duration,
        )
        return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    return {Format.TXT: to_txt, Format.SRT: to_srt, Format.VTT: to_vtt}[output_format](segments)


def _check_language(info: ModelInfo, language: str | None, task: Task) -> None:
    if task is Task.TRANSLATE and not info.multilingual:
        raise OperatorError(
            f"The model {info.name} knows English only and cannot translate; take a multilingual "
            "one, such as small."
        )
    if language is not None and language not in info.languages:
        some = ", ".join(info.languages[:8]) + (", …" if len(info.languages) > 8 else "")
        raise OperatorError(
            f"The model {info.name} does not know the language {language}; it knows {some}."
        )


@contextmanager
def _destination(output: Path | None) -> Iterator[Callable[[str], None]]:
    """Give a function that writes; a file appears only when it is complete."""
    if output is None:
        yield _write_out
        return
    part = output.with_name(f".{output.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="\n") as file:
            yield _writer(file)
        os.replace(part, output)
    except OSError as error:
        raise OperatorError(f"{output} cannot be written: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)


def _writer(file: TextIO) -> Callable[[str], None]:
    def write(text: str) -> None:
        file.write(text)

    return write


def _write_out(text: str) -> None:
    # Looked up each time: a progress bar on the same terminal takes its place meanwhile.
    sys.stdout.write(text)
    sys.stdout.flush()


@contextmanager
def _progress() -> Iterator[Callable[[FileTranscription], None]]:
    """Give a function that moves a bar, which exists on a terminal only."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:3.0f} %"),
        TimeRemainingColumn(),
        console=stderr,
        transient=True,
        disable=not stderr.is_terminal,
        redirect_stdout=sys.stdout.isatty(),
    )
    task = bar.add_task("Transcribing", total=None)
    with bar:
        yield lambda file: bar.update(task, total=file.duration, completed=file.done)
