from __future__ import annotations

from livecaption.client.liveness import Liveness


def reporting() -> Liveness:
    """A connection whose server has reported at 0 s that it has all 100 samples."""
    liveness = Liveness(4.0, doubt_s=1.25)
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
    liveness = Liveness(4.0, doubt_s=1.25)
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
