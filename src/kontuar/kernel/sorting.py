"""Sort keys and search keys made here, so that SQLite and PostgreSQL order texts alike."""

import unicodedata
from functools import lru_cache

_POLISH = {
    "ą": "a~", "ć": "c~", "ę": "e~", "ł": "l~", "ń": "n~", "ó": "o~", "ś": "s~", "ź": "z~", "ż": "z~~",
}  # fmt: skip


def sort_key(text: str) -> str:
    """A plain-ASCII-ordered key: case ignored, Polish letters after their base letter, other accents dropped."""
    return "".join(_POLISH.get(letter) or _plain(letter) for letter in text.casefold())


def search_key(text: str) -> str:
    """Text as people type it in a hurry: lower case, no accents, ł as l; U+0000 (ends texts in SQL) is a space."""
    text = text.replace("\0", " ")
    if text.isascii():
        return text.lower()
    return "".join("l" if letter == "ł" else _plain(letter) for letter in text.casefold())


@lru_cache(maxsize=4096)
def _plain(letter: str) -> str:
    return "".join(part for part in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(part))
