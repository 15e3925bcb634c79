"""Finds every English text that a screen, a print or a script shows: what needs a translation."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel.messages.extract import extract
from jinja2 import Environment
from jinja2.ext import babel_extract

from tidy.sources import tree_of

WEB = Path(__file__).resolve().parents[2] / "src" / "kontuar" / "web"
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2)}
TEMPLATE_OPTIONS = {"trimmed": "true", "silent": "false", "encoding": "utf-8"}
SCREENS = ("hub", "station", "prints")
A_TEXT = re.compile(r"[A-Z][a-z]")
NOT_TRANSLATED = {"Content-Type", "Content-Disposition", "Cache-Control", "Location", "Polski", "English", "Français"}
KEY_NAME = re.compile(r"Escape|Enter|Space|Delete|Insert|Home|End|Tab|(Ctrl|Alt|Shift)\+\S+|Arrow\w+|Page\w+")
"""Keys of the keyboard, as browsers name them."""


@dataclass(frozen=True)
class ShownText:
    """`plural` is empty for a text without a count."""

    text: str
    plural: str
    where: str


def _calls(path: Path, method: object) -> Iterator[ShownText]:
    where = str(path.relative_to(WEB))
    options = TEMPLATE_OPTIONS if path.suffix == ".jinja" else {}
    with path.open("rb") as stream:
        for line, message, _notes, _context in extract(method, stream, KEYWORDS, options=options):  # type: ignore[arg-type]
            singular, plural = message if isinstance(message, tuple) else (message, "")
            yield ShownText(singular, plural, f"{where}:{line}")


def _is_shown(value: object) -> bool:
    is_text = isinstance(value, str) and A_TEXT.match(value) and value not in NOT_TRANSLATED
    return bool(is_text) and not KEY_NAME.fullmatch(str(value))


def _tables(path: Path) -> Iterator[ShownText]:
    """Texts in the tables of a screen's file (labels of columns, keys, states): shown through a variable."""
    for node in tree_of(path).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            for part in ast.walk(node.value):
                if isinstance(part, ast.Constant) and _is_shown(part.value):
                    yield ShownText(str(part.value), "", f"{path.relative_to(WEB)}:{part.lineno}")


@cache
def shown_texts() -> tuple[ShownText, ...]:
    """All of them, with the place of each."""
    found = [text for path in sorted(WEB.rglob("*.jinja")) for text in _calls(path, babel_extract)]
    found += [text for path in sorted(WEB.rglob("*.py")) for text in _calls(path, "python")]
    found += [text for name in SCREENS for path in sorted((WEB / name).rglob("*.py")) for text in _tables(path)]
    return tuple(found)


def words_of_scripts() -> tuple[set[str], set[str]]:
    """(names that scripts ask for, names that the page gives them)."""
    asked = {
        name
        for path in sorted((WEB / "assets" / "js").glob("*.js"))
        for name in re.findall(r"\bword\(\s*\"(\w+)\"", path.read_text())
    }
    page = (WEB / "templates" / "kit" / "base.jinja").read_text()
    table = page.partition('id="words">')[2].partition("</script>")[0]
    return asked, set(re.findall(r"\"(\w+)\": _\(", table))


def texts_in_scripts() -> list[str]:
    """Sentences that a script holds itself, instead of asking the page for the word."""
    sentence = re.compile(r"\"([A-Z][a-z]+(?: [\w']+)+[.!?]?)\"")
    return [
        f"{path.relative_to(WEB)}:{number}: {text}"
        for path in sorted((WEB / "assets" / "js").glob("*.js"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        for text in sentence.findall(line.partition("//")[0])
    ]


def untranslated_in_templates(folder: Path) -> list[str]:
    """Words between tags, or in an attribute that is read aloud, that no `_()` surrounds."""
    return [
        f"{path.relative_to(WEB)}: {text}"
        for path in sorted(folder.rglob("*.jinja"))
        if path.name != "design.jinja"  # shows the parts to those who build screens
        for text in _bare_texts(path.read_text())
    ]


def _bare_texts(template: str) -> Iterator[str]:
    """Words of the HTML itself: what Jinja says is cut out, so are names of classes and of the product."""
    tokens = [(kind, text) for _line, kind, text in Environment().lex(template) if kind != "whitespace"]
    parts = [text if kind == "data" else f"\x01{text}\x02" if kind == "name" else "\x02" for kind, text in tokens]
    html = re.sub(r"\x01block\x02+\x01\w*class\x02.*?\x01endblock\x02", "", "".join(parts), flags=re.DOTALL)
    html = re.sub(r"\x01\w+\x02|\x02", " ", html)
    html = re.sub(r"<(script|style)\b.*?</\1>", " ", html, flags=re.DOTALL)
    attributes = re.findall(r"\b(?:aria-label|title|placeholder|alt)=\"([^\"]*)\"", html)
    for text in (*attributes, *re.split(r"<[^>]*>", html)):
        bare = re.sub(r"&\w+;|Kontuar|[\w-]+=\"[^\"]*\"", "", text).strip()
        if re.search(r"[A-Za-z]{2,}", bare) and not re.fullmatch(r"[a-z_-]+", bare):
            yield " ".join(bare.split())
