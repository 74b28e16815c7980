from __future__ import annotations

from livecaption.client.liveness import Liveness


def reporting() -> Liveness:
    """A connection whose server has reported at 0 s that it has all 100 samples."""
    liveness = Liveness(4.0, doubt_s=1.25, pong_s=0.45)
    liveness.opened(0.0)
    liveness.heard(0.0, confirmed=100, sent=100)
    return liveness


def test_a_server_that_reports_is_dead_when_it_is_silent() -> None:
    liveness = reporting()
    assert not liveness.is_dead(4.0)
    assert liveness.is_dead(4.1)
    liveness.heard(4.2, confirmed=100, sent=100)
    assert not liveness.is_dead(8.1)


def test_a_server_that_has_never_reported_is_not_judged() -> None:
    liveness = Liveness(4.0, doubt_s=1.25, pong_s=0.45)
    liveness.opened(0.0)
    liveness.sent(0.0)
    liveness.heard(1.0, confirmed=None, sent=5)
    assert not liveness.is_dead(1000.0)


def test_the_way_up_is_dead_when_audio_stays_unconfirmed_although_messages_come() -> None:
    liveness = reporting()
    liveness.sent(1.0)
    for second in (2.0, 3.0, 4.0, 5.0):
        liveness.heard(second, confirmed=100, sent=200)
        assert not liveness.is_dead(second)
    assert liveness.is_dead(5.1)


def test_a_way_up_that_is_slow_but_moves_is_not_dead() -> None:
    liveness = reporting()
    for second in range(1, 30):
        liveness.sent(float(second))
        liveness.heard(second + 0.5, confirmed=100 + second, sent=1000)
        assert not liveness.is_dead(second + 1.0)


def test_a_publisher_that_sends_nothing_waits_for_no_confirmation() -> None:
    liveness = reporting()
    for second in range(1, 30):
        liveness.heard(float(second), confirmed=100, sent=100)
        assert not liveness.is_dead(second + 1.0)


def test_a_report_that_is_overdue_is_reason_to_doubt_and_to_try_another_connection() -> None:
    liveness = reporting()
    assert not liveness.is_doubtful(1.2)
    assert liveness.is_doubtful(1.3)
    assert liveness.is_silent(1.3)
    liveness.heard(1.4, confirmed=100, sent=100)
    assert not liveness.is_doubtful(1.5)
    assert not liveness.is_silent(1.5)


def test_who_doubted_in_vain_is_slower_to_doubt_again_for_a_while() -> None:
    liveness = reporting()
    for heard, doubtful in ((0.0, 1.3), (2.0, 4.6), (5.0, 9.1)):
        liveness.heard(heard, confirmed=100, sent=100)
        assert not liveness.is_doubtful(doubtful - 0.1)
        assert liveness.is_doubtful(doubtful)
        liveness.doubted(doubtful)
    liveness.heard(14.2, confirmed=100, sent=100)  # forgiven
    assert liveness.is_doubtful(15.5)


def test_a_new_socket_starts_with_a_clean_slate() -> None:
    liveness = reporting()
    assert liveness.is_dead(5.0)
    liveness.opened(5.0)
    assert not liveness.is_silent(100.0)


def test_a_socket_that_says_nothing_for_a_moment_is_asked_and_again_after_each_answer() -> None:
    liveness = reporting()
    assert not liveness.wants_to_ask(0.25)
    assert liveness.wants_to_ask(0.35)
    liveness.asked(0.35)
    assert not liveness.wants_to_ask(0.6)
    liveness.answered(0.4)
    assert not liveness.wants_to_ask(0.65)
    assert liveness.wants_to_ask(0.75)
    liveness.heard(0.8, confirmed=100, sent=100)
    assert not liveness.wants_to_ask(1.0), "there was a report meanwhile"


def test_a_pong_that_does_not_come_is_reason_to_doubt() -> None:
    liveness = reporting()
    liveness.asked(0.35)
    assert not liveness.is_doubtful(0.75)
    assert liveness.is_doubtful(0.85)
    assert liveness.is_silent(0.85)
    liveness.answered(0.9)
    assert not liveness.is_silent(0.9)


def test_on_a_slow_network_pongs_are_waited_for_as_long_as_they_take() -> None:
    liveness = reporting()
    liveness.asked(0.3)
    liveness.answered(0.7)
    liveness.heard(1.0, confirmed=100, sent=100)
    liveness.asked(1.35)
    assert not liveness.is_doubtful(2.2)
    liveness.heard(2.2, confirmed=100, sent=100)
    assert liveness.is_doubtful(2.7)


def test_who_doubted_a_pong_in_vain_waits_longer_for_the_next() -> None:
    liveness = reporting()
    liveness.asked(0.35)
    liveness.doubted(0.85)
    assert not liveness.is_doubtful(1.2)
    assert liveness.is_doubtful(1.3)
    assert liveness.is_silent(0.85), "it is still in doubt"


def test_a_server_that_answers_pings_and_reports_nothing_is_dead_all_the_same() -> None:
    liveness = reporting()
    for tenth in range(4, 42, 4):
        liveness.asked(tenth / 10)
        liveness.answered(tenth / 10 + 0.01)
    assert liveness.is_doubtful(1.3)
    assert liveness.is_dead(4.1)


def test_a_server_that_has_never_reported_is_not_asked() -> None:
    liveness = Liveness(4.0, doubt_s=1.25, pong_s=0.45)
    liveness.opened(0.0)
    assert not liveness.wants_to_ask(100.0)
