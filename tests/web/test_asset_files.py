"""Scripts and styles in a browser's keeping: asked for once, and never those of another version."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from kontuar.web import asset_files
from kontuar.web.asset_files import KEPT_FOR_GOOD, asset, assets, read
from station_server import StationServer

TEMPLATES = Path(asset_files.__file__).parent / "templates"
OTHER_VERSION = "0123456789ab"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with StationServer(tmp_path_factory.mktemp("assets")) as server, httpx.Client(base_url=server.url) as client:
        yield client


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "js").mkdir()
    (tmp_path / "js" / "one.js").write_text("export const one = 1;\n")
    (tmp_path / "three.js").write_text("export const three = 3;\n")
    return tmp_path


def test_every_asset_a_page_names_comes_with_its_kind_and_is_kept_for_good(browser: httpx.Client) -> None:
    kinds = {"js": "text/javascript", "css": "text/css", "woff2": "font/woff2", "svg": "image/svg+xml"}
    named = set(re.findall(r'(?:href|src)="(/assets/[^"#]+)', browser.get("/login").text))
    assert {path.rsplit(".", 1)[1] for path in named} == set(kinds)
    for path in named:
        answer = browser.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["content-type"].split(";")[0] == kinds[path.rsplit(".", 1)[1]]
        assert answer.headers["cache-control"] == KEPT_FOR_GOOD == "public, max-age=31536000, immutable"
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_page_itself_is_never_kept_so_it_names_the_scripts_of_the_running_version(browser: httpx.Client) -> None:
    answer = browser.get("/login")
    assert answer.headers["cache-control"] == "no-store"
    assert set(re.findall(r"/assets/(\w+)/", answer.text)) == {assets().stamp}


@pytest.mark.parametrize("address", [f"/assets/{OTHER_VERSION}/js/kontuar.js", "/assets/js/kontuar.js", "/assets/x"])
def test_the_address_of_another_version_gives_nothing_and_is_not_kept(browser: httpx.Client, address: str) -> None:
    """A page never runs with scripts that are not its own."""
    answer = browser.get(address)
    assert (answer.status_code, answer.content, answer.headers["cache-control"]) == (404, b"", "no-store")


@pytest.mark.parametrize("name", ["../station/app.py", "%2e%2e/desk.py", "/etc/hostname", "js"])
def test_nothing_beside_the_assets_is_given(browser: httpx.Client, name: str) -> None:
    """SEC-03."""
    assert browser.get(f"/assets/{assets().stamp}/{name}").status_code == 404


def test_any_change_of_any_file_changes_every_address(folder: Path) -> None:
    before = read(folder).address("three.js")
    assert read(folder).address("three.js") == before
    (folder / "js" / "one.js").write_text("// changed\n")
    changed = read(folder).address("three.js")
    (folder / "js" / "one.js").rename(folder / "js" / "renamed.js")
    renamed = read(folder).address("three.js")
    assert len({before, changed, renamed}) == 3


def test_files_replaced_under_a_running_program_do_not_mix_with_its_own(folder: Path) -> None:
    """What was read at the start is given until the program starts anew."""
    running = read(folder)
    (folder / "three.js").write_text("export const three = 4;\n")
    assert running.files["three.js"] == b"export const three = 3;\n"


def test_a_name_that_is_no_file_stops_the_template() -> None:
    with pytest.raises(KeyError, match=r"js/none\.js"):
        asset("js/none.js")


def test_no_template_style_or_script_names_an_asset_without_its_version() -> None:
    """Such an address would give 404; one relative to the file itself, or `asset(…)`, is right."""
    files = [*TEMPLATES.rglob("*.jinja"), *asset_files.FOLDER.rglob("*.css"), *asset_files.FOLDER.rglob("*.js")]
    assert [path.name for path in files if "/assets/" in path.read_text()] == []
