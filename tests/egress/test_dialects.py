"""What is written to YouTube and Zoom, and what their answers change."""

from __future__ import annotations

import pytest

from livecaption.egress.blocks import CaptionBlock
from livecaption.egress.exchange import Answer, Outcome, Request, outcome_of_status
from livecaption.egress.youtube import YouTube
from livecaption.egress.zoom import Zoom

NOW = 1_764_064_806.25  # 2025-11-25T10:00:06.250 UTC
GOOD = CaptionBlock(("Good morning", "everyone."), NOW - 1)


def answer(status: int, body: str = "", sent_at: float = NOW, got_at: float = NOW) -> Answer:
    return Answer(status, body, sent_at, got_at)


def seq(request: Request) -> int:
    return int(dict(request.query)["seq"])


def opened_youtube() -> YouTube:
    youtube = YouTube()
    youtube.opening(NOW)
    assert youtube.opened(answer(200)) is Outcome.ACCEPTED
    return youtube


def test_youtube_begins_with_a_heartbeat_numbered_by_the_clock() -> None:
    request = YouTube().opening(NOW)
    assert (request.method, request.path) == ("POST", "")
    assert seq(request) == 1_764_064_806
    assert request.content == b"2025-11-25T10:00:06.250\n\n"


def test_youtube_gets_a_time_and_a_text_for_each_block() -> None:
    later = CaptionBlock(("Thank you",), NOW + 1)
    request = opened_youtube().captions([GOOD, later])
    assert request.content.decode() == (
        "2025-11-25T10:00:05.250\nGood morning<br>everyone.\n2025-11-25T10:00:07.250\nThank you\n"
    )


def test_what_was_said_is_no_markup_to_youtube() -> None:
    request = opened_youtube().captions([CaptionBlock(("a <br> b",), NOW)])
    assert "a ‹br› b" in request.content.decode()


def test_times_are_on_the_clock_of_youtube() -> None:
    youtube = YouTube()
    youtube.opening(NOW)
    # Asked at .25, answered a second later with 10 s more: it is 9.5 s ahead of the middle.
    youtube.opened(answer(200, "2025-11-25T10:00:16.250\n", NOW, NOW + 1))
    request = youtube.captions([CaptionBlock(("x",), NOW)])
    assert request.content.startswith(b"2025-11-25T10:00:15.750\n")
    youtube.answered(answer(200, "<html>no time</html>"))
    assert youtube.heartbeat(NOW).content.startswith(b"2025-11-25T10:00:15.750\n")


def test_the_number_of_youtube_goes_up_with_each_post_that_may_have_arrived() -> None:
    youtube = opened_youtube()
    first = seq(youtube.captions([GOOD]))
    youtube.answered(answer(500))
    youtube.given_up(perhaps_received=False)
    assert seq(youtube.captions([GOOD])) == first
    youtube.answered(answer(403))
    assert seq(youtube.opening(NOW + 99)) == first
    youtube.opened(answer(200))
    assert seq(youtube.heartbeat(NOW)) == first + 1
    youtube.given_up(perhaps_received=True)
    assert seq(youtube.captions([GOOD])) == first + 2


def test_a_restarted_youtube_sink_never_uses_a_number_twice() -> None:
    """A post a second at most: the clock is always ahead of the count."""
    youtube = opened_youtube()
    for second in range(50):
        last = seq(youtube.captions([GOOD]))
        youtube.answered(answer(200, sent_at=NOW + second))
    assert seq(YouTube().opening(NOW + 51)) > last


def test_zoom_is_asked_for_its_number_and_gets_the_next() -> None:
    zoom = Zoom()
    assert zoom.opening(NOW) == Request("GET", path="/seq")
    assert zoom.opened(answer(200, "17\n")) is Outcome.ACCEPTED
    request = zoom.captions([GOOD])
    assert request.query == (("seq", "18"), ("lang", "en-US"))
    assert request.content == b"Good morning\neveryone."
    zoom.answered(answer(500))
    assert seq(zoom.captions([GOOD])) == 18
    zoom.answered(answer(200))
    assert seq(zoom.captions([GOOD])) == 19


def test_zoom_is_asked_again_when_nobody_knows_whether_a_caption_arrived() -> None:
    zoom = Zoom("de-DE")
    zoom.opened(answer(200, "0"))
    assert dict(zoom.captions([GOOD]).query) == {"seq": "1", "lang": "de-DE"}
    assert zoom.given_up(perhaps_received=False) is Outcome.ACCEPTED
    assert zoom.given_up(perhaps_received=True) is Outcome.REFUSED


@pytest.mark.parametrize(
    ("status", "body", "outcome", "following"),
    [
        (200, "41", Outcome.ACCEPTED, 42),
        (200, "", Outcome.ACCEPTED, 1),
        (200, "-5", Outcome.ACCEPTED, 1),
        (200, "9" * 400, Outcome.ACCEPTED, 1),
        (405, "", Outcome.ACCEPTED, 1),
        (400, "7", Outcome.REFUSED, 1),
        (503, "7", Outcome.AGAIN, 1),
    ],
)
def test_whatever_zoom_answers_there_is_a_number(
    status: int, body: str, outcome: Outcome, following: int
) -> None:
    zoom = Zoom()
    assert zoom.opened(answer(status, body)) is outcome
    assert seq(zoom.captions([GOOD])) == following


def test_zoom_has_no_heartbeat() -> None:
    assert Zoom().pace.heartbeat_s is None
    with pytest.raises(NotImplementedError):
        Zoom().heartbeat(NOW)


@pytest.mark.parametrize(
    ("statuses", "outcome"),
    [
        ((200, 201, 204), Outcome.ACCEPTED),
        ((408, 425, 429, 500, 502, 503, 504), Outcome.AGAIN),
        ((100, 301, 302, 400, 401, 403, 404, 410, 418), Outcome.REFUSED),
    ],
)
def test_a_status_says_whether_to_come_again(statuses: tuple[int, ...], outcome: Outcome) -> None:
    assert {outcome_of_status(status) for status in statuses} == {outcome}
