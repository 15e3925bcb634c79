"""Head office as somebody meets it in a browser: the firm of the guide, its pages, what their forms would send."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hub_clients import Client, client_of, first_token
from hub_definitions_world import guide_examples
from kontuar.nodes.hub import Hub
from kontuar.nodes.settings import HubSettings

API = "/api/v1/definitions"


@contextmanager
def firm_in_a_browser(database_url: str, folder: Path) -> Iterator[Client]:
    """The firm of the guide; the client is logged in as SZEF in a browser and sends his page's token."""
    hub = Hub(HubSettings(data=folder / "hub", database_url=database_url))
    with client_of(hub) as client:
        token = first_token(client, hub)
        for kind, text in guide_examples():
            headers = {"Authorization": f"Bearer {token}"}
            assert client.post(f"{API}/{kind}/import", content=text.encode(), headers=headers).status_code == 200
        log_in(client, "SZEF", "246810")
        yield client


def log_in(client: Client, operator: str, pin: str) -> None:
    client.headers.pop("X-CSRF-Token", None)
    client.post("/login", data={"operator": operator, "pin": pin})
    found = re.search(r'name="csrf-token" content="(\w+)"', client.get("/").text)
    client.cookies.set("kontuar_language", "en")
    client.headers["X-CSRF-Token"] = found[1] if found else ""


def form_of(client: Client, path: str) -> list[tuple[str, str]]:
    """What a browser would post of the form on a page."""
    page = client.get(path)
    assert page.status_code == 200, page.text
    form = re.sub(
        r"<template>.*?</template>", "", page.text.partition('id="definition"')[2].partition("</form>")[0], flags=re.S
    )
    items = []
    for tag in re.findall(r"<input[^>]*>", form):
        parts = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        ticked = parts.get("type") != "checkbox" or " checked" in tag
        if "name" in parts and ticked and parts.get("type") != "file":
            items.append((parts["name"], plain(parts.get("value", ""))))
    for name, options in re.findall(r'<select[^>]* name="([^"]*)"[^>]*>(.*?)</select>', form, re.S):
        values = re.findall(r'<option value="([^"]*)"( selected)?', options)
        items.append((name, next((value for value, chosen in values if chosen), values[0][0])))
    for name, value in re.findall(r'<textarea[^>]* name="([^"]*)"[^>]*>(.*?)</textarea>', form, re.S):
        items.append((name, plain(value)))
    return items


def plain(text: str) -> str:
    for entity, letter in (("&lt;", "<"), ("&gt;", ">"), ("&#34;", '"'), ("&#39;", "'"), ("&amp;", "&")):
        text = text.replace(entity, letter)
    return text


def save(client: Client, kind: str, items: list[tuple[str, str]], **changes: str) -> Any:
    sent = [(name, value) for name, value in items if name not in changes]
    data: dict[str, list[str]] = {}
    for name, value in [*sent, *changes.items()]:
        data.setdefault(name, []).append(value)
    return client.post(f"/definitions/{kind}/save", data=data)


def row(client: Client, kind: str, key: str) -> Any:
    return client.get(f"{API}/{kind}/{key}").json()["row"]
