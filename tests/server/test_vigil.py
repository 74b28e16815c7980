from __future__ import annotations

from livecaption.server.vigil import Patience, Verdict, Vigil

PATIENCE = Patience(mute_s=1.5, stall_s=25.0, idle_s=60.0, session_s=3600.0)


def vigil() -> Vigil:
    return Vigil(PATIENCE, now=100.0, begun_at=100.0)


def test_silence_after_a_word_is_a_pause_and_is_told_once() -> None:
    watch = vigil()
    assert watch.look(101.0, in_mid_speech=False) == []
    assert watch.look(101.5, in_mid_speech=False) == [Verdict.PAUSE]
    assert watch.look(103.0, in_mid_speech=False) == []
    watch.heard(104.0, audio=True)
    assert watch.look(105.6, in_mid_speech=False) == [Verdict.PAUSE]


def test_audio_that_stops_in_the_middle_of_speech_is_waited_for() -> None:
    watch = vigil()
    assert watch.look(124.0, in_mid_speech=True) == []
    assert watch.look(125.0, in_mid_speech=True) == [Verdict.PAUSE]


def test_a_silent_client_is_warned_once_and_ended_at_last() -> None:
    watch = vigil()
    watch.look(102.0, in_mid_speech=False)
    assert watch.look(130.0, in_mid_speech=False) == [Verdict.WARN]
    assert watch.look(140.0, in_mid_speech=False) == []
    assert watch.idle(140.0) == 40.0
    assert watch.look(160.0, in_mid_speech=False) == [Verdict.IDLE]


def test_a_keepalive_puts_off_the_end_but_is_no_audio() -> None:
    watch = vigil()
    watch.look(102.0, in_mid_speech=False)
    for now in range(120, 400, 20):
        watch.heard(now, audio=False)
        assert watch.look(now + 19.0, in_mid_speech=False) == []


def test_a_session_may_last_only_so_long_however_busy_it_is() -> None:
    watch = vigil()
    watch.heard(3699.9, audio=True)
    assert watch.look(3700.0, in_mid_speech=True) == [Verdict.OVERDUE]
