from __future__ import annotations

import pytest

from livecaption.egress.address import parse_sink
from livecaption.egress.exchange import Request
from livecaption.egress.youtube import YouTube
from livecaption.egress.zoom import Zoom
from livecaption.errors import OperatorError

SECRET = "abcd-efgh-1234"
YOUTUBE = f"http://upload.youtube.com/closedcaption?cid={SECRET}"
ZOOM = (
    "https://wmcc.zoom.us/closedcaption?id=200610693&ns=GZHkEA==&expire=86400"
    f"&sparams=id%2Cns%2Cexpire&signature={SECRET}"
)


def test_an_address_of_youtube() -> None:
    address, dialect = parse_sink(f" youtube:hall-2={YOUTUBE} ")
    assert isinstance(dialect, YouTube)
    assert (address.room, address.host, address.port) == ("hall-2", "upload.youtube.com", 80)
    request = Request("POST", query=(("seq", "7"),))
    assert address.target(request) == f"/closedcaption?cid={SECRET}&seq=7"


def test_the_signed_query_of_zoom_stays_as_it_is() -> None:
    address, dialect = parse_sink(f"zoom+de-DE:main={ZOOM}")
    assert isinstance(dialect, Zoom)
    assert address.port == 443
    query = ZOOM.partition("?")[2]
    assert address.target(Request("GET", path="/seq")) == f"/closedcaption/seq?{query}"
    request = Request("POST", query=(("lang", "de-DE"),))
    assert address.target(request) == f"/closedcaption?{query}&lang=de-DE"


@pytest.mark.parametrize(
    "spec",
    [
        "",
        "youtube",
        "youtube:main",
        "youtube:main=",
        f"vimeo:main={YOUTUBE}",
        f"youtube:a room={YOUTUBE}",
        f"youtube:={YOUTUBE}",
        f"youtube:main={ZOOM}",
        f"zoom:main={YOUTUBE}",
        f"zoom:main={ZOOM.replace('https', 'http')}",
        f"zoom:main={ZOOM.replace('wmcc.zoom.us', 'zoom.us.evil.example')}",
        f"zoom:main={ZOOM.replace('wmcc.zoom.us', 'evilzoom.us')}",
        f"zoom:main={ZOOM.replace('wmcc.zoom.us', 'wmcc.zoom.us:8443')}",
        f"zoom:main={ZOOM.replace('wmcc.zoom.us', 'wmcc.zoom.us:x')}",
        f"zoom:main={ZOOM.replace('wmcc.zoom.us', f'{SECRET}@wmcc.zoom.us')}",
        f"zoom:main={ZOOM}#fragment",
        f"youtube:main={YOUTUBE.replace('/closedcaption', '/admin')}",
        f"youtube:main={YOUTUBE.replace('/closedcaption', '/closedcaption/../admin')}",
        f"youtube:main=http://127.0.0.1/closedcaption?cid={SECRET}",
        f"youtube:main=http://[::1/closedcaption?cid={SECRET}",
        f"youtube:main=file:///closedcaption?cid={SECRET}",
        f"youtube:main=http://upload.youtube.com@127.0.0.1/closedcaption?cid={SECRET}",
    ],
)
def test_what_is_no_address_of_that_service_is_refused_without_repeating_it(spec: str) -> None:
    with pytest.raises(OperatorError) as caught:
        parse_sink(spec)
    assert SECRET not in str(caught.value)


def test_an_address_never_shows_its_key() -> None:
    address, dialect = parse_sink(f"zoom:main={ZOOM}")
    assert SECRET not in f"{address!r} {address} {dialect!r}"
