"""Browser tokens: once, in time, in their room, for their page; and nothing that is not ours."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, rule

from livecaption.access.roles import Role
from livecaption.access.tokens import Claims, TokenBook, looks_like_token
from livecaption.errors import BadCredentials, Overloaded

PEPPER = b"p" * 32
START = 1000.0


def claims(*, issued: float = START, origin: str = "https://a.example", life: float = 60) -> Claims:
    return Claims("main", Role.PUBLISH, origin, "k1", issued, issued + life)


def book(**given: int) -> TokenBook:
    return TokenBook(PEPPER, START, **given)


def refused(taking: TokenBook, token: str, *, now: float = START, origin: str = "") -> str:
    with pytest.raises(BadCredentials) as caught:
        taking.take(token, now=now, origin=origin)
    assert len(token) < 20 or token not in str(caught.value)
    return caught.value.code


def test_a_token_says_what_was_written_into_it_once() -> None:
    tokens = book()
    token = tokens.write(claims())
    read = tokens.take(token, now=START, origin="https://A.example")
    assert (read.room, read.role, read.key) == ("main", Role.PUBLISH, "k1")
    assert refused(tokens, token, origin="https://a.example") == "token_used"


@pytest.mark.parametrize("now", [START + 60, START + 1e6])
def test_an_old_token_is_refused(now: float) -> None:
    tokens = book()
    token = tokens.write(claims())
    assert refused(tokens, token, now=now, origin="https://a.example") == "token_expired"


def test_a_token_from_before_a_restart_is_refused_because_it_may_have_been_used() -> None:
    token = book().write(claims(issued=START - 0.001))
    assert refused(book(), token, origin="https://a.example") == "token_expired"


@pytest.mark.parametrize("origin", ["", "https://b.example", "http://a.example", "null"])
def test_a_token_belongs_to_the_page_it_was_made_for(origin: str) -> None:
    tokens = book()
    token = tokens.write(claims())
    assert refused(tokens, token, origin=origin) == "bad_token"
    assert tokens.take(token, now=START, origin="https://a.example"), "a thief does not use it up"


def test_a_token_for_a_program_is_none_for_a_page() -> None:
    tokens = book()
    token = tokens.write(claims(origin=""))
    assert refused(tokens, token, origin="https://a.example") == "bad_token"
    assert tokens.take(token, now=START, origin="")


def test_another_servers_token_is_refused() -> None:
    token = TokenBook(b"q" * 32, START).write(claims())
    assert refused(book(), token, origin="https://a.example") == "bad_token"


TOKEN = book().write(claims())


@given(st.integers(0, len(TOKEN) - 1), st.characters(codec="utf-8"))
def test_a_token_with_one_letter_changed_is_refused(at: int, letter: str) -> None:
    changed = TOKEN[:at] + letter + TOKEN[at + 1 :]
    if changed != TOKEN:
        assert refused(book(), changed, origin="https://a.example") == "bad_token"


@given(st.text(max_size=200))
def test_anything_else_is_refused_without_a_fault(text: str) -> None:
    assert refused(book(), text) == "bad_token"
    assert not looks_like_token(text) or text.startswith("ey")


def test_what_was_used_is_remembered_within_a_bound_and_forgotten_when_it_expires() -> None:
    tokens = book(most_used=3)
    written = [tokens.write(claims()) for _ in range(4)]
    for token in written[:3]:
        tokens.take(token, now=START, origin="https://a.example")
    with pytest.raises(Overloaded):
        tokens.take(written[3], now=START, origin="https://a.example")
    later = tokens.write(claims(issued=START + 60))
    assert tokens.take(later, now=START + 60, origin="https://a.example")
    assert len(tokens._used) == len(tokens._by_expiry) == 1


def test_a_token_fits_into_a_subprotocol_and_is_told_from_a_link() -> None:
    allowed = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")
    longest = Claims("r" * 64, Role.PUBLISH, "https://" + "h" * 247, "k" * 10, START, START + 60)
    token = book().write(longest)
    assert set(token) <= allowed
    assert len(token) <= 1024
    assert looks_like_token(token)
    assert not looks_like_token("lv_abc")


class Tokens(RuleBasedStateMachine):
    """Written, taken, stolen and expired in any order: each is good for one socket, in its time."""

    fresh = Bundle("fresh")
    used = Bundle("used")

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.tokens = book()

    @rule(target=fresh)
    def write(self) -> tuple[str, float]:
        return self.tokens.write(claims(issued=self.now)), self.now + 60

    @rule(seconds=st.floats(0, 45))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(target=used, token=consumes(fresh))
    def take(self, token: tuple[str, float]) -> str:
        text, expires = token
        if self.now < expires:
            self.tokens.take(text, now=self.now, origin="https://a.example")
        else:
            assert refused(self.tokens, text, now=self.now, origin="https://a.example")
        return text

    @rule(token=used)
    def take_again(self, token: str) -> None:
        assert refused(self.tokens, token, now=self.now, origin="https://a.example")


TestTokens = Tokens.TestCase
