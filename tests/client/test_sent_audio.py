from __future__ import annotations

import numpy as np

from livecaption.client.sent_audio import SentAudio
from tests.client.wire import numbered_samples


def filled(samples: int, *, capacity: int = 1000, sent: int = 0) -> SentAudio:
    audio = SentAudio(capacity)
    audio.append(numbered_samples(samples))
    audio.take(sent)
    return audio


def test_audio_is_taken_once_in_order_and_not_beyond_a_place() -> None:
    audio = filled(500)
    np.testing.assert_array_equal(audio.take(100), numbered_samples(100))
    np.testing.assert_array_equal(audio.take(100, until=150), numbered_samples(50, start=100))
    assert len(audio.take(100, until=150)) == 0
    assert audio.cursor == 150


def test_resuming_moves_back_to_where_the_server_is() -> None:
    audio = filled(500, sent=400)
    audio.resume(250)
    np.testing.assert_array_equal(audio.take(1000), numbered_samples(250, start=250))
    assert audio.lost == 0


def test_resuming_before_what_is_held_loses_the_difference_and_keeps_the_server_in_step() -> None:
    audio = filled(600, sent=600)
    audio.append(numbered_samples(900, start=600))
    audio.resume(200)
    assert audio.lost == 300  # samples 200 to 499 are gone
    np.testing.assert_array_equal(audio.take(100), numbered_samples(100, start=500))
    audio.resume(300)  # on the server's clock, which did not count what was lost
    np.testing.assert_array_equal(audio.take(100), numbered_samples(100, start=600))


def test_a_server_that_claims_more_than_was_given_gets_what_follows() -> None:
    audio = filled(500, sent=500)
    audio.resume(900)
    audio.append(numbered_samples(10, start=500))
    np.testing.assert_array_equal(audio.take(100), numbered_samples(10, start=500))


def test_a_new_session_starts_after_the_last_caption_of_the_old() -> None:
    audio = filled(800, sent=800)
    audio.acknowledge(received=700, committed=300)
    audio.captioned(450)
    audio.restart()
    np.testing.assert_array_equal(audio.take(1000), numbered_samples(350, start=450))
    audio.acknowledge(received=350, committed=100)  # counts from 450
    audio.restart()
    np.testing.assert_array_equal(audio.take(1000), numbered_samples(250, start=550))


def test_room_counts_what_the_server_has_confirmed_once_it_confirms_anything() -> None:
    audio = filled(800)
    assert audio.room == 200
    audio.take(500)
    assert audio.room == 700
    audio.acknowledge(received=100, committed=0)
    assert audio.room == 300


def test_audio_beyond_the_capacity_is_counted_as_lost_only_if_it_was_not_sent() -> None:
    audio = filled(1000, sent=400)
    audio.append(numbered_samples(300, start=1000))
    assert audio.lost == 0
    audio.append(numbered_samples(300, start=1300))
    assert audio.lost == 200
    np.testing.assert_array_equal(audio.take(10), numbered_samples(10, start=600))
