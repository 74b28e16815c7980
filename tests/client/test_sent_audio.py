from __future__ import annotations

import numpy as np

from livecaption.client.sent_audio import SentAudio
from tests.client.wire import numbered_samples


def filled(samples: int, *, capacity: int = 1000, sent: int = 0) -> SentAudio:
    audio = SentAudio(capacity, capacity, 0)
    audio.resume(0)
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


def test_what_is_overwritten_while_the_server_is_away_stays_on_its_clock() -> None:
    audio = filled(600, sent=600)
    audio.detach()
    audio.append(numbered_samples(900, start=600))
    assert audio.offer() == 500
    assert audio.lost == 0  # the server may have it
    audio.append(numbered_samples(300, start=1500))
    assert audio.offer() == 800
    assert audio.lost == 200  # samples 600 to 799 were never sent
    audio.resume(800)  # it declares what it misses
    assert audio.lost == 0
    np.testing.assert_array_equal(audio.take(100), numbered_samples(100, start=800))
    audio.resume(850)
    np.testing.assert_array_equal(audio.take(100), numbered_samples(100, start=850))


def test_what_was_offered_stays_until_the_answer() -> None:
    audio = SentAudio(1000, 900, 100)
    audio.resume(0)
    audio.append(numbered_samples(1000))
    audio.take(1000)
    audio.acknowledge(1000)
    audio.detach()
    assert audio.offer() == 100
    assert audio.room == 100
    audio.append(numbered_samples(100, start=1000))
    assert audio.room == 0
    audio.resume(100)
    assert audio.lost == 0
    np.testing.assert_array_equal(audio.take(1000), numbered_samples(1000, start=100))


def test_a_server_that_asks_for_what_is_not_held_is_kept_in_step() -> None:
    audio = filled(600, sent=600)
    audio.detach()
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


def test_a_new_session_starts_after_what_the_old_one_acknowledged() -> None:
    audio = filled(800, sent=800)
    audio.acknowledge(450)
    audio.restart()
    np.testing.assert_array_equal(audio.take(1000), numbered_samples(350, start=450))
    audio.acknowledge(100)  # counts from 450
    audio.restart()
    np.testing.assert_array_equal(audio.take(1000), numbered_samples(250, start=550))


def test_a_session_that_acknowledged_nothing_is_sent_again_as_a_whole() -> None:
    audio = filled(800, sent=300)
    audio.acknowledge(200)
    audio.restart()
    audio.take(400)
    audio.restart()
    np.testing.assert_array_equal(audio.take(1000), numbered_samples(600, start=200))


def test_what_a_resumed_session_holds_counts_as_acknowledged() -> None:
    audio = filled(800, sent=700)
    audio.acknowledge(100)
    audio.resume(500)
    audio.take(1000)
    audio.restart()
    np.testing.assert_array_equal(audio.take(1000), numbered_samples(300, start=500))


def test_unacknowledged_audio_that_is_no_longer_held_is_counted_as_lost_once() -> None:
    audio = filled(1000, sent=400)
    audio.acknowledge(300)
    audio.append(numbered_samples(600, start=1000))
    assert audio.lost == 200  # samples 400 to 599
    audio.restart()
    assert audio.lost == 300  # and 300 to 399, which may have arrived
    np.testing.assert_array_equal(audio.take(10), numbered_samples(10, start=600))


def test_room_counts_what_the_server_has_confirmed_once_it_confirms_anything() -> None:
    audio = SentAudio(1500, 1000, 0)
    audio.append(numbered_samples(800))
    assert audio.room == 200
    audio.take(500)
    assert audio.room == 700
    audio.acknowledge(100)
    assert audio.room == 300
    assert audio.received == 100


def test_audio_beyond_the_capacity_is_counted_as_lost_only_if_it_was_not_sent() -> None:
    audio = filled(1000, sent=400)
    audio.append(numbered_samples(300, start=1000))
    assert audio.lost == 0
    audio.append(numbered_samples(300, start=1300))
    assert audio.lost == 200
    np.testing.assert_array_equal(audio.take(10), numbered_samples(10, start=600))
