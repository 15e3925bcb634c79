"""Renders the kit without the application: the design page, trial screens, and a till that can be slow or absent."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined

import kontuar
from kontuar.web.asset_files import KEPT_FOR_GOOD, asset, kind_of

WEB = Path(kontuar.__file__).parent / "web"
ASSETS = WEB / "assets"
VENDOR = Path(os.environ.get("KONTUAR_VENDOR", ASSETS / "vendor"))
TRIAL = Path(__file__).parent / "trial"

# SEC-03: what the application sends; a screen that needs more than this is wrong
CONTENT_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)


@dataclass
class Till:
    """What the pretended till was asked, and how it answers: delay_seconds, refusals by code, states of the net."""

    scans: list[str] = field(default_factory=list)
    scan_ids: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    delay_seconds: float = 0.0
    fail_next: int = 0
    unknown: frozenset[str] = frozenset()
    status: dict[str, object] = field(default_factory=lambda: {"state": "online", "waiting": 0})
    most_at_once: int = 0
    now: int = 0


def environment(words: Mapping[str, str]) -> Environment:
    """The kit's templates as the application loads them, with a plain table of words for a language."""
    env = Environment(
        loader=ChoiceLoader([FileSystemLoader(WEB / "templates"), FileSystemLoader(TRIAL)]),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
    )
    env.globals.update(asset=asset)
    install = env.install_gettext_callables  # type: ignore[attr-defined]
    install(lambda text: words.get(text, text), lambda one, many, n: one if n == 1 else many, newstyle=True)
    return env


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, till: Till, *args: object) -> None:
        self.till = till
        super().__init__(*args)  # type: ignore[arg-type]

    def log_message(self, format: str, *args: object) -> None:
        return

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path.startswith("/assets/"):
            return self._asset(path.removeprefix("/assets/"))
        if path == "/api/status":
            return self._answer(200, "application/json", json.dumps(self.till.status).encode())
        if path == "/design":
            return self._page("design.jinja", "en")
        if path.startswith("/trial/"):
            name, _, lang = path.removeprefix("/trial/").partition("/")
            return self._page(f"{name}.jinja", lang or "pl")
        return self._answer(404, "text/plain", b"no such page")

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode(), keep_blank_values=True)
        if urlsplit(self.path).path != "/scan":
            return self._answer(204, "text/html", b"")
        return self._scan(form)

    def _scan(self, form: dict[str, list[str]]) -> None:
        till, code = self.till, form["code"][0]
        till.now += 1
        till.most_at_once = max(till.most_at_once, till.now)
        time.sleep(till.delay_seconds)
        till.now -= 1
        till.tokens.append(self.headers.get("X-CSRF-Token", ""))
        till.scan_ids.append(form.get("scan_id", [""])[0])
        if till.fail_next:
            till.fail_next -= 1
            return self._answer(503, "text/plain", b"busy")
        till.scans.append(code)
        kind = "unknown" if code in till.unknown else "added"
        trigger = {"HX-Trigger": json.dumps({f"kontuar:{kind}": {"code": code, "text": f"{kind} {code}"}})}
        return self._answer(200, "text/html", f"<li>{code}</li>".encode(), trigger)

    def _asset(self, address: str) -> None:
        name = address.partition("/")[2]  # behind the stamp
        file = VENDOR / name.removeprefix("vendor/") if name.startswith("vendor/") else ASSETS / name
        if not file.is_file():
            return self._answer(404, "text/plain", b"no such file")
        return self._answer(200, kind_of(name), file.read_bytes(), {"Cache-Control": KEPT_FOR_GOOD})

    def _page(self, template: str, lang: str) -> None:
        words = json.loads((TRIAL / "words.json").read_text()).get(lang, {})
        context = {"lang": lang, "csrf_token": "token-of-the-page"}
        page = environment(words).get_template(template).render(context)
        self._answer(200, "text/html; charset=utf-8", page.encode())

    def _answer(self, status: int, kind: str, body: bytes, more: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", CONTENT_POLICY)
        for name, value in (more or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class DesignServer:
    """A server on loopback at a free port, for as long as the with block lasts."""

    def __init__(self) -> None:
        self.till = Till()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, self.till))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> DesignServer:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


if __name__ == "__main__":
    with DesignServer() as server:
        print(server.url, flush=True)
        threading.Event().wait()
