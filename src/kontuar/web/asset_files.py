"""Scripts, styles, icons and letters of the screens, at addresses that change with them.

An address holds the stamp of all files together: a browser keeps them for good and asks for nothing when a till changes
pages, and a new version of the program never runs with scripts of an old one. They are read once, when the program
starts: while an update replaces the files, pages and scripts still belong together.
"""

import hashlib
import mimetypes
import posixpath
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

import msgspec
from litestar import HttpMethod, Response, route

from kontuar.web.description import OPEN

FOLDER: Final = Path(__file__).resolve().parent / "assets"
KEPT_FOR_GOOD: Final = "public, max-age=31536000, immutable"
STAMP_LENGTH: Final = 12
_KINDS: Final = {".js": "text/javascript", ".woff2": "font/woff2"}
"""What a machine's own table may call otherwise."""


class Assets(msgspec.Struct, frozen=True):
    """Name under the folder (`js/kontuar.js`) → what is in it; one stamp for all."""

    stamp: str
    files: Mapping[str, bytes]

    def address(self, name: str) -> str:
        """Where a browser finds the file; KeyError where there is none of that name."""
        if name not in self.files:
            raise KeyError(f"no asset {name}")
        return f"/assets/{self.stamp}/{name}"


def read(folder: Path) -> Assets:
    """All files beneath a folder."""
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }
    whole = hashlib.sha256()
    for name, content in files.items():
        whole.update(f"{name}\0{len(content)}\0".encode() + content)
    return Assets(whole.hexdigest()[:STAMP_LENGTH], files)


@cache
def assets() -> Assets:
    """Those of this program."""
    return read(FOLDER)


def asset(name: str) -> str:
    """In a template: the address of a file."""
    return assets().address(name)


def kind_of(name: str) -> str:
    """The media type."""
    return _KINDS.get(posixpath.splitext(name)[1]) or mimetypes.guess_type(name)[0] or "application/octet-stream"


@route(
    "/assets/{file_path:path}", http_method=[HttpMethod.GET, HttpMethod.HEAD], include_in_schema=False, opt={OPEN: True}
)
async def give_asset(file_path: str) -> Response[bytes]:
    """404 for the stamp of another version: a page never runs with scripts that are not its own."""
    stamp, _, name = file_path.lstrip("/").partition("/")
    known = assets()
    if stamp != known.stamp or name not in known.files:
        return Response(b"", status_code=404, media_type="text/plain", headers={"Cache-Control": "no-store"})
    return Response(known.files[name], media_type=kind_of(name), headers={"Cache-Control": KEPT_FOR_GOOD})
