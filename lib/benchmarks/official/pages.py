"""Web pages that come instead of a file."""

import requests

_QUOTA = ("quota exceeded", "too many users have viewed or downloaded")
_CONFIRM = ("can't scan this file for viruses", "can&#39;t scan this file", "download_warning")
_SIGN_IN = ("accounts.google.com", "you need access", "request access")


def is_page(response: requests.Response, first: bytes) -> bool:
    """Whether an answer is a web page.

    Args:
        response: with its headers.
        first: bytes of its body.
    """
    kind = response.headers.get("Content-Type", "").lower()
    begin = first.lstrip()[:20].lower()
    return kind.startswith("text/html") or begin.startswith((b"<!doctype html", b"<html"))


def explain_page(first: bytes) -> str:
    """What a web page that came instead of a file means.

    Args:
        first: bytes of the page, enough to hold its message.
    """
    text = first.decode("utf-8", errors="replace").lower().replace("\u2019", "'")
    if any(words in text for words in _QUOTA):
        return (
            "Google Drive's quota for this file is used up, as too many people have fetched it "
            "lately; try again after up to 24 hours, or open the address in a browser that is "
            "signed in, make a copy in your own Drive and download that"
        )
    if any(words in text for words in _CONFIRM):
        return "Google Drive asks to confirm the download; open the address in a browser"
    if any(words in text for words in _SIGN_IN):
        return "Google Drive asks to sign in; open the address in a browser"
    return "sent a web page instead of the file"
