"""Pages of the hub from templates, in the asker's language."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment, FileSystemLoader
from litestar import MediaType, Request, Response

from kontuar.operations.actor import Actor
from kontuar.web.asset_files import asset
from kontuar.web.http import language_of
from kontuar.web.hub_access import csrf_token
from kontuar.web.i18n import texts

_TEMPLATES = Path(__file__).resolve().parents[1] / "templates"
LANGUAGE_NAMES = (("pl", "Polski"), ("en", "English"), ("fr", "Français"))


class NavLink(msgspec.Struct, frozen=True):
    """A link on the left; `label` is an English text that is translated when shown. `right`: who may use it."""

    label: str
    icon: str
    href: str
    right: str = ""


class NavArea(msgspec.Struct, frozen=True):
    """Links under a heading."""

    label: str
    links: tuple[NavLink, ...]


@cache
def _environment(language: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    words = texts(language)
    install: Any = environment
    install.install_gettext_callables(words.gettext, words.ngettext, newstyle=True)
    environment.globals.update(asset=asset)
    return environment


def page(
    request: Request[Any, Any, Any], template: str, actor: Actor | None, status: int = 200, **context: Any
) -> Response[str]:
    """A template with what every page of the hub needs."""
    language = language_of(request)
    token = request.scope.get("state", {}).get("token", "")
    content = (
        _environment(language)
        .get_template(template)
        .render(
            lang=language,
            languages=LANGUAGE_NAMES,
            csrf_token=csrf_token(token) if token else "",
            operator=actor.name if actor else "",
            nav=_navigation(request, language, actor.rights) if actor else [],
            status={"state": "online", "waiting": 0, "since": None},
            words=texts(language),
            **{"shortcuts": [], **context},
        )
    )
    return Response(content, media_type=MediaType.HTML, status_code=status)


def _navigation(request: Request[Any, Any, Any], language: str, rights: frozenset[str]) -> list[dict[str, Any]]:
    """Areas with the links that the asker may use; a figure beside a link says that something waits there."""
    words = texts(language)
    counts: Mapping[str, int] = getattr(request.app.state, "waiting_counts", {})
    areas: Sequence[NavArea] = request.app.state.areas
    path = request.url.path
    return [
        {
            "label": words.gettext(area.label),
            "links": [
                {
                    "label": words.gettext(link.label),
                    "icon": link.icon,
                    "href": link.href,
                    "current": path == link.href or (link.href != "/" and path.startswith(link.href + "/")),
                    "count": counts.get(link.href) or None,
                }
                for link in area.links
                if not link.right or link.right in rights
            ],
        }
        for area in areas
        if any(not link.right or link.right in rights for link in area.links)
    ]
