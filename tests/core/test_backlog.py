"""What waits to be heard."""

from __future__ import annotations

import numpy as np

from livecaption.core.audio import SAMPLE_RATE
from livecaption.core.backlog import Audio, Backlog, End, Finalize, Input, Lost


def sound(samples: int) -> Audio:
    return Audio(np.arange(samples, dtype=np.int16))


def test_inputs_come_out_in_the_order_in_which_they_came() -> None:
    backlog = Backlog(enough=100, received=0)
    for given in (Finalize(), End("stop")):
        backlog.add(given)
    assert backlog
    assert [backlog.take(), backlog.take()] == [Finalize(), End("stop")]
    assert not backlog


def test_audio_comes_out_whole_in_pieces_of_a_quarter_of_a_second_at_most() -> None:
    backlog = Backlog(enough=SAMPLE_RATE, received=0)
    whole = sound(10_000)
    backlog.add(whole)
    pieces = []
    while backlog:
        given = backlog.take()
        assert isinstance(given, Audio)
        pieces.append(given.samples)
    assert max(map(len, pieces)) == SAMPLE_RATE // 4
    assert np.array_equal(np.concatenate(pieces), whole.samples)


def test_received_counts_what_came_and_what_will_not_come() -> None:
    backlog = Backlog(enough=100, received=3200)
    backlog.add(sound(640))
    assert backlog.received == 3840
    backlog.add(Lost(until=8000))
    assert backlog.received == 8000
    backlog.add(Lost(until=4000))
    backlog.take()
    assert backlog.received == 8000


def test_only_audio_waits_and_not_too_much_of_it() -> None:
    backlog = Backlog(enough=5000, received=0)
    backlog.add(sound(5000))
    backlog.add(End("stop"))
    patient = [backlog.is_patient]
    backlog.add(sound(1))
    patient.append(backlog.is_patient)
    backlog.take()
    patient.append(backlog.is_patient)
    backlog.take()
    patient.append(backlog.is_patient)
    assert patient == [True, False, True, False], "a piece less may wait; an end does not"


def test_crumbs_are_put_together_on_each_side_of_what_is_said() -> None:
    whole = sound(9000)
    backlog = Backlog(enough=SAMPLE_RATE, received=0)
    for at in range(0, 9000, 3):
        if at == 4500:
            backlog.add(Finalize())
        backlog.add(Audio(whole.samples[at : at + 3]))
    assert backlog.samples == 9000
    taken: list[Input] = []
    while backlog:
        taken.append(backlog.take())
    sizes = [len(each.samples) if isinstance(each, Audio) else 0 for each in taken]
    assert sizes == [4000, 500, 0, 4000, 500]
    audio = [each.samples for each in taken if isinstance(each, Audio)]
    assert np.array_equal(np.concatenate(audio), whole.samples)
    assert backlog.samples == 0


def test_whoever_says_too_much_is_not_waited_for() -> None:
    backlog = Backlog(enough=SAMPLE_RATE, received=0)
    backlog.add(sound(10))
    for _ in range(256):
        backlog.add(Finalize())
    patient = [backlog.is_patient]
    backlog.add(Finalize())
    backlog.add(sound(10))
    patient.append(backlog.is_patient)
    for _ in range(2):
        backlog.take()
    while not isinstance(backlog.take(), Audio):
        pass
    backlog.add(sound(10))
    patient.append(backlog.is_patient)
    assert patient == [True, False, True], "what was acted on waits no more"
