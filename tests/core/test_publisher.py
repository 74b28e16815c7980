from __future__ import annotations

from livecaption.core.captions import (
    CaptionEvent,
    Delta,
    Final,
    Finalized,
    Gap,
    GapReason,
    Partial,
    SessionClosed,
    UtteranceStarted,
)
from livecaption.core.ledger import Column, Ledger
from livecaption.core.publisher import CaptionPublisher
from livecaption.core.utterance import Speaking, Utterance
from tests.core.utterances import closed_utterance, open_utterance, said
from tests.script import MS


def published(
    utterance: Utterance, publisher: CaptionPublisher | None = None
) -> list[CaptionEvent]:
    publisher = publisher or CaptionPublisher(partials=True)
    publisher.publish(utterance)
    return publisher.drain()


def hearing(tail: str, committed: str = "") -> Utterance:
    words = said(committed)
    utterance = open_utterance(committed=words)
    utterance.agreement.push(said(tail, at_ms=300 * len(words)), 0)
    utterance.covered = 3000 * MS
    return utterance


def test_an_utterance_is_announced_with_its_first_words() -> None:
    assert published(hearing("")) == []
    assert [type(event) for event in published(hearing("good"))] == [UtteranceStarted, Partial]


def test_a_tail_that_stays_is_sent_again_behind_the_delta_that_clears_it() -> None:
    publisher = CaptionPublisher(partials=True)
    utterance = hearing("good morning")
    published(utterance, publisher)
    utterance.committed += utterance.agreement.take_before(300 * MS)
    delta, partial = published(utterance, publisher)
    assert isinstance(delta, Delta)
    assert isinstance(partial, Partial)
    assert (delta.text, partial.text, partial.revision) == ("good", " morning", 2)


def test_a_tail_that_reads_as_before_is_sent_again_behind_a_delta_too() -> None:
    publisher = CaptionPublisher(partials=True)
    utterance = hearing("no", committed="no")
    published(utterance, publisher)
    utterance.committed += said("no", at_ms=300)
    utterance.agreement.push(said("no", at_ms=600), 0)
    delta, partial = published(utterance, publisher)
    assert isinstance(delta, Delta)
    assert isinstance(partial, Partial)
    assert (delta.text, partial.text) == (" no", " no")


def test_a_word_cut_by_the_end_of_what_was_decoded_is_not_shown_yet() -> None:
    publisher = CaptionPublisher(partials=True, half_heard=120 * MS)
    utterance = hearing("good morning")
    utterance.covered = 600 * MS
    _, partial = published(utterance, publisher)
    assert isinstance(partial, Partial)
    assert (partial.text, [word.text for word in partial.words]) == ("good", [" good"])


def test_a_tail_that_did_not_change_is_not_sent_again() -> None:
    publisher = CaptionPublisher(partials=True)
    utterance = hearing("good")
    assert published(utterance, publisher)
    assert published(utterance, publisher) == []


def test_a_tail_that_is_withdrawn_is_cleared() -> None:
    publisher = CaptionPublisher(partials=True)
    utterance = hearing("good")
    published(utterance, publisher)
    utterance.agreement.push([], 0)
    assert published(utterance, publisher) == [Partial(1, 2, "", ())]


def test_only_the_first_word_loses_its_leading_space() -> None:
    publisher = CaptionPublisher(partials=True)
    utterance = hearing("", committed="good")
    utterance.committed += said("morning", at_ms=300)
    first = published(utterance, publisher)[1]
    utterance.committed += said("all", at_ms=600)
    second = published(utterance, publisher)[0]
    assert isinstance(first, Delta)
    assert isinstance(second, Delta)
    assert first.text + second.text == utterance.text == "good morning all"


def test_published_words_are_returned_once() -> None:
    publisher = CaptionPublisher(partials=False)
    utterance = hearing("morning", committed="good")
    assert publisher.publish(utterance) == tuple(said("good"))
    assert publisher.publish(utterance) == ()
    assert [type(event) for event in publisher.drain()] == [UtteranceStarted, Delta]


def test_a_resolved_utterance_shows_no_tail() -> None:
    publisher = CaptionPublisher(partials=True)
    utterance = hearing("good")
    published(utterance, publisher)
    utterance.end_with(())
    assert published(utterance, publisher) == []


def test_the_final_repeats_what_was_committed() -> None:
    publisher = CaptionPublisher(partials=True)
    utterance = closed_utterance(3, said("good morning"))
    utterance.speaking = Speaking(speaker="Ada")
    utterance.language = "en"
    publisher.publish(utterance)
    publisher.end(utterance)
    words = tuple(said("good morning"))
    assert publisher.drain()[-1] == Final(
        seq=3,
        utterance=3,
        text="good morning",
        start=0,
        stop=600 * MS,
        language="en",
        speaker="Ada",
        words=words,
    )


def test_an_utterance_that_was_never_announced_ends_in_silence() -> None:
    publisher = CaptionPublisher(partials=True)
    publisher.end(closed_utterance())
    assert publisher.drain() == []


def test_what_an_utterance_lost_is_declared_after_its_final() -> None:
    publisher = CaptionPublisher(partials=True)
    utterance = closed_utterance(1, said("good"))
    utterance.gap = (1000 * MS, GapReason.OVERLOAD)
    publisher.publish(utterance)
    publisher.end(utterance)
    final, gap = publisher.drain()[-2:]
    assert isinstance(final, Final)
    assert gap == Gap(4, 1000 * MS, 2000 * MS, GapReason.OVERLOAD)


def test_the_account_is_taken_from_the_ledger() -> None:
    publisher, ledger = CaptionPublisher(partials=True), Ledger()
    ledger.settle(0, 5, Column.CAPTIONED)
    ledger.settle(5, 7, Column.SILENT)
    ledger.settle(7, 8, Column.LOST)
    publisher.closed("stop", 8, ledger)
    publisher.finalized()
    assert publisher.drain() == [SessionClosed("stop", 8, 5, 2, 1), Finalized()]
