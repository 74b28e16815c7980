"""The demo, end to end on a short clip, and its last line."""

from __future__ import annotations

from pathlib import Path

import pytest

from livecaption.asgi import create_app, load_transcriber
from livecaption.bundled import load_clip
from livecaption.cli.demo import caption_clips, demo, summary
from livecaption.client.clip_run import ClipRun
from livecaption.errors import OperatorError
from livecaption.server.serving import bind
from livecaption.settings import load_settings

CLIP = Path(__file__).parent.parent / "data" / "speech" / "short_08.json"


@pytest.mark.model
@pytest.mark.realtime
async def test_the_demo_captions_a_clip_through_the_real_socket(
    capsys: pytest.CaptureFixture[str],
) -> None:
    clip = load_clip(CLIP)
    settings = load_settings(None, port=0, model="micro-en", device="cpu", store=False)
    app = create_app(settings, load_transcriber(settings, lambda _: None))
    await caption_clips(app, settings, bind(settings), [clip], stay=False)
    printed = capsys.readouterr()
    lines = printed.out.strip().splitlines()
    assert lines
    assert all(line.startswith("[") and " s +" in line for line in lines)
    assert f"{len(clip.words)} words said" in printed.err
    assert "0.0 s of audio lost" in printed.err


def test_the_last_line_names_errors_and_delays() -> None:
    run = ClipRun(load_clip(CLIP))
    line = summary([run])
    assert "word error rate 100.0%" in line
    assert "median delay" in line


def test_a_clip_that_is_not_bundled_is_refused() -> None:
    with pytest.raises(OperatorError, match="meeting, nopause, all"):
        demo(port=0, clip="nothing", once=True)
