from __future__ import annotations

from livecaption.core.captions import Final, Finalized, Gap, GapReason, SessionClosed
from livecaption.core.ending import EndingQueue
from livecaption.core.ledger import Column, Ledger
from livecaption.core.publisher import CaptionPublisher
from livecaption.core.utterance import Utterance
from tests.core.utterances import closed_utterance, said
from tests.script import MS


class Rig:
    """A queue with its publisher and ledger; ``ended`` lists the numbers told to ``on_end``."""

    def __init__(self) -> None:
        self.publisher = CaptionPublisher(partials=True)
        self.ledger = Ledger()
        self.ended: list[int] = []
        self.queue = EndingQueue(self.publisher, self.ledger)

    def _on_end(self, utterance: Utterance) -> None:
        self.ended.append(utterance.number)
        self.publisher.publish(utterance)

    def published(self, received: int = 0) -> list[type]:
        self.queue.publish(received, self._on_end)
        return [type(event) for event in self.publisher.drain()]


def test_nothing_passes_an_utterance_whose_last_words_are_missing() -> None:
    rig = Rig()
    first = closed_utterance(1, said("one"), resolved=False)
    rig.queue.append(first)
    rig.queue.append(closed_utterance(2, said("two", at_ms=2000), start_ms=2000, stop_ms=3000))
    rig.queue.mark_finalized()
    assert rig.published() == []
    first.end_with(())
    kinds = rig.published()
    assert [kind for kind in kinds if kind in (Final, Finalized)] == [Final, Final, Finalized]
    assert rig.ended == [1, 2]


def test_the_end_of_the_session_is_published_after_everything_before_it() -> None:
    rig = Rig()
    rig.queue.append(closed_utterance(1, said("one")))
    rig.queue.mark_end("stop")
    assert rig.published(received=2000 * MS)[-2:] == [Final, SessionClosed]


def test_utterances_are_found_by_number_until_they_are_published() -> None:
    rig = Rig()
    waiting, resolved = closed_utterance(1, resolved=False), closed_utterance(2)
    rig.queue.append(waiting)
    rig.queue.mark_finalized()
    rig.queue.append(resolved)
    assert list(rig.queue) == [waiting, resolved]
    assert rig.queue.find(2) is resolved
    assert rig.queue.find(3) is None
    waiting.end_with(())
    resolved.start = waiting.stop
    rig.published()
    assert rig.queue.find(2) is None


def test_an_utterance_with_words_is_captioned_and_one_without_was_silent() -> None:
    rig = Rig()
    rig.queue.append(closed_utterance(1, said("one"), stop_ms=1000))
    rig.queue.append(closed_utterance(2, start_ms=1000, stop_ms=3000))
    rig.published()
    assert rig.ledger.total(Column.CAPTIONED) == 1000 * MS
    assert rig.ledger.total(Column.SILENT) == 2000 * MS


def test_what_is_lost_is_settled_apart_from_what_was_captioned() -> None:
    rig = Rig()
    utterance = closed_utterance(1, said("one"), stop_ms=1000)
    utterance.gap = (400 * MS, GapReason.ENGINE_ERROR)
    rig.queue.append(utterance)
    assert rig.published()[-1] is Gap
    assert rig.ledger.total(Column.CAPTIONED) == 400 * MS
    assert rig.ledger.total(Column.LOST) == 600 * MS
    assert rig.ledger.watermark == 1000 * MS
