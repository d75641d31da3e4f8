"""Comments and words, as keepalived 2.2.7 was seen to read them (its log names words it does not know)."""

from __future__ import annotations

import pytest

from vrrplab.config.tokens import QuoteError, decomment, split_command, split_words


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("priority 100", "priority 100"),
        ("  \tpriority 100 \t", "priority 100"),
        ("priority 100 # of 254", "priority 100"),
        ("! all of it", ""),
        ("auth_pass k@l!ve1", "auth_pass k@l"),
        ("auth_pass a#b", "auth_pass a"),
        ('script "/bin/a # b ! c" # d', 'script "/bin/a # b ! c"'),
        (r"router_id a\#b", "router_id a#b"),
        (r"router_id a\\#b", r"router_id a\\"),
        (r'script "a\#b"', r'script "a\#b"'),
        ("$A= x \t\\", "$A= x\\"),
        ('# a "quote" in a comment', ""),
    ],
)
def test_comments_are_cut(line: str, text: str) -> None:
    assert decomment(line) == (text, None)


def test_a_backslash_behind_a_comment_stays_in_2_2_7_only() -> None:
    assert decomment("# text \\") == ("\\", None)
    assert decomment("# text \\", keeps_continuation=False) == ("", None)


def test_an_open_quote_hides_the_comment_sign_and_is_reported() -> None:
    assert decomment('script "a # b') == ('script "a # b', 'script "a # b')


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("  a\tb   c ", ["a", "b", "c"]),
        ('a "b c" d', ["a", "b c", "d"]),
        ('a"b c"d', ["a", "b c", "d"]),
        ('"" a', ["", "a"]),
        ("a\u00a0b", ["a\u00a0b"]),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert split_words(text) == (words, False)


def test_words_behind_an_open_quote_are_lost() -> None:
    assert split_words('a b "c d') == (["a", "b"], True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("script \"/bin/x 'a b' c\"", ["script", "/bin/x 'a b' c"]),
        ("/bin/x 'a b' \"c d\"e", ["/bin/x", "a b", "c de"]),
        (r"/bin/x a\ b \"c", ["/bin/x", "a b", '"c']),
        (r"\x41\102\n\E", ["AB\n\x1b"]),
        (r"\cA", ["\x01"]),
    ],
)
def test_commands(text: str, words: list[str]) -> None:
    assert split_command(text) == words


@pytest.mark.parametrize("text", ['"a b', "'a", "a\\"])
def test_commands_with_broken_quotes_are_refused(text: str) -> None:
    with pytest.raises(QuoteError):
        split_command(text)
