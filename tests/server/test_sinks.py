"""A running server whose captions go to a service as well."""

from __future__ import annotations

import asyncio
import json

from livecaption.asgi import create_app
from livecaption.detect.webrtc import new_detector
from livecaption.egress.resolve import look_up
from livecaption.egress.sink import Sink
from livecaption.engine.batcher import Batcher
from livecaption.engine.scripted import ScriptedTranscriber
from livecaption.server.app import build_app
from livecaption.server.serving import LiveServer, bind
from livecaption.settings import load_settings
from tests.egress.services import FakeZoom, serving
from tests.egress.test_delivery import SECRET, sink_for
from tests.script import speech as said
from tests.serving import Running, events_until, open_publisher, speech, within


async def test_what_is_said_in_a_room_is_shown_by_the_service_before_the_server_is_gone() -> None:
    take = said("good morning everyone", ms=900)
    fake = FakeZoom(SECRET)
    settings = load_settings(None, port=0, max_speed=1000.0, store=False)
    async with serving(fake):
        address, dialect = sink_for(fake)
        app = build_app(
            settings,
            lambda: Batcher(ScriptedTranscriber(take.words)),
            new_detector,
            lambda: [Sink.to(address, dialect, look_up)],
        )
        listener = bind(settings)
        server = LiveServer(app, settings)
        running = asyncio.create_task(server.serve(sockets=[listener]))
        await within(lambda: server.started)
        hub = app.state.hub
        await hub.ready.wait()
        on = Running(server, hub, listener.getsockname()[1])
        async with open_publisher(on, room="other") as elsewhere:
            await elsewhere.send(speech(1.0))
            await elsewhere.send(json.dumps({"type": "stop"}))
            await events_until(elsewhere, "closed")
        async with open_publisher(on, room="main", speaker="Ada") as publisher:
            await publisher.send(speech(1.0))
            await publisher.send(json.dumps({"type": "finalize"}))
            await events_until(publisher, "finalized")
            room = hub.rooms.find("main")
            assert len(room.subscribers) == 1
            server.leave()
            await running
        assert fake.shown == ["Ada: good morning everyone"]
    assert not room.subscribers


def test_the_settings_name_the_sinks_of_the_real_application() -> None:
    sink = "youtube:main=http://upload.youtube.com/closedcaption?cid=abcd"
    settings = load_settings(None, sinks=sink)
    assert create_app(settings, ScriptedTranscriber()).router is not None
    assert "abcd" not in repr(settings)
