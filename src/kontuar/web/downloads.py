"""Exchange files as a browser or a program gets them."""

from litestar import Response

from kontuar.operations.ports.exchange import ExchangeFile


def as_download(file: ExchangeFile) -> Response[bytes]:
    """The file under its name; what it holds, and what did not fit, stands in two headers."""
    headers = {
        "Content-Disposition": f'attachment; filename="{file.name}"',
        "X-Kontuar-Messages": str(file.messages),
        "X-Kontuar-Messages-Left": str(file.left),
        "Cache-Control": "no-store",
    }
    return Response(file.content, media_type="application/octet-stream", headers=headers)
