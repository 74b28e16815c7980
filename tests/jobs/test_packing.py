"""What is stored is what was stored."""

from __future__ import annotations

import json
from dataclasses import replace

from livecaption.core.file_transcript import FileOptions
from livecaption.jobs.lifecycle import JobState
from livecaption.jobs.packing import (
    pack,
    pack_job,
    pack_options,
    unpack,
    unpack_job,
    unpack_options,
)
from livecaption.jobs.records import Delivery, DeliveryState, Job, JobProblem, Kind
from tests.jobs.samples import a_transcript


def test_a_transcript_comes_back_as_it_was() -> None:
    transcript = a_transcript("Привіт, 世界 “quoted” 🎉")
    assert unpack(pack(transcript)) == transcript


def test_an_hour_of_speech_takes_little_space() -> None:
    sentence = "and then we went down to the river to look at the boats again " * 700
    transcript = a_transcript(sentence, duration=3600.0)
    assert len(pack(transcript)) < 400_000


def test_options_come_back_and_those_of_a_later_version_are_left_out() -> None:
    options = FileOptions(language="uk", task="translate", vocabulary=("Київ",), prompt="So")
    text = pack_options(options)
    assert unpack_options(text) == options
    assert unpack_options(json.dumps(json.loads(text) | {"invented_later": 1})) == options


def test_a_job_comes_back_with_problem_and_deliveries() -> None:
    delivery = Delivery("j_1", Kind.WEBHOOK, "https://a.example", DeliveryState.DEAD, 9, None, "No")
    job = Job("j_1", "k", JobState.FAILED, FileOptions(), "a.mp3", 9, 1.5, 2, 2.5, 3.5)
    job = replace(job, problem=JobProblem("x", "Y."), deliveries=(delivery,))
    assert unpack_job(pack_job(job)) == job
