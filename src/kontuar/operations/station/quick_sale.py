"""The panel of quick sale: groups and favourites in head office's order, and their articles by pages (QUICK-01)."""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from kontuar.domain.catalogue.records import Article, ArticleGroup, QuickFavourite, QuickGroup
from kontuar.operations.actor import Actor
from kontuar.operations.station import article_list
from kontuar.operations.station.article_list import ArticleRow
from kontuar.operations.station.station import Station

FAVOURITES: Final = "*"
"""Stands for the group of favourites; no group has this code."""
ARTICLES_SHOWN: Final = 12
GROUPS_SHOWN: Final = 5
MOST_PAGES: Final = 500


class QuickTile(msgspec.Struct, frozen=True, kw_only=True):
    """A group of the panel; the favourites have the code `FAVOURITES` and no name."""

    code: str
    name: str
    picture: str


class QuickPanel(msgspec.Struct, frozen=True, kw_only=True):
    """One page of groups and one page of the chosen group's articles; `more_…` = another page follows."""

    groups: tuple[QuickTile, ...]
    group_page: int
    more_groups: bool
    chosen: str
    articles: tuple[ArticleRow, ...]
    page: int
    more_articles: bool


def panel(
    station: Station, actor: Actor, group: str = "", page: int = 0, group_page: int = 0, price_list: str = ""
) -> QuickPanel:
    """The panel with a group open, the first one when none is named or it is not there any more."""
    tiles = groups(station, actor)
    chosen = group if any(tile.code == group for tile in tiles) else (tiles[0].code if tiles else "")
    page = max(0, min(page, MOST_PAGES))
    codes = _codes(station, chosen, (page + 1) * ARTICLES_SHOWN + 1)[page * ARTICLES_SHOWN :]
    first = max(0, min(group_page, max(0, len(tiles) - 1) // GROUPS_SHOWN)) * GROUPS_SHOWN
    return QuickPanel(
        groups=tuple(tiles[first : first + GROUPS_SHOWN]), group_page=first // GROUPS_SHOWN,
        more_groups=len(tiles) > first + GROUPS_SHOWN, chosen=chosen,
        articles=tuple(article_list.row_of(station, code, price_list) for code in codes[:ARTICLES_SHOWN]),
        page=page, more_articles=len(codes) > ARTICLES_SHOWN,
    )  # fmt: skip


def groups(station: Station, actor: Actor) -> Sequence[QuickTile]:
    """Favourites first if there are any, then the groups that head office chose; where it chose none, every group that
    has an article (QUICK-01, QUICK-05)."""
    known = station.books.definitions.every(ArticleGroup)
    rows = [row for row in station.books.definitions.every(QuickGroup).values() if _here(station, row.stores)]
    rows = [row for row in sorted(rows, key=lambda row: (row.position, row.group)) if row.group in known]
    tiles = [QuickTile(code=row.group, name=known[row.group].name, picture=row.picture or known[row.group].picture)
             for row in rows]  # fmt: skip
    if not tiles:
        full = (row for row in article_list.groups(station, actor) if _codes(station, row.code, 1))
        tiles = [QuickTile(code=row.code, name=row.name, picture=row.picture) for row in full]
    favourites = [QuickTile(code=FAVOURITES, name="", picture="")] if _favourites(station) else []
    return [*favourites, *tiles]


def _codes(station: Station, group: str, limit: int) -> list[str]:
    """Active articles of a group, in the order of the panel; only those that have it as their default group."""
    if group == FAVOURITES:
        return _favourites(station)[:limit]
    if not group:
        return []
    found = station.books.definitions.search(
        "article", "", parent=group, inactive=False, after=article_list.FIRST, limit=limit
    )
    return [row.key for row in found]


def _favourites(station: Station) -> list[str]:
    definitions = station.books.definitions
    rows = [row for row in definitions.every(QuickFavourite).values() if _here(station, row.stores)]
    ordered = (row.article for row in sorted(rows, key=lambda row: (row.position, row.article)))
    return [code for code in ordered if (found := definitions.get(Article, code)) is not None and found.active]


def _here(station: Station, stores: Iterable[str]) -> bool:
    return not stores or station.identity.store in stores
