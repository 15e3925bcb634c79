"""Which kind of an article a line is: its batch, by properties (DOC-29)."""

import msgspec

from kontuar.domain.catalogue.records import Batch
from kontuar.domain.documents import lines
from kontuar.domain.documents.document import Document, Line
from kontuar.kernel.errors import refuse
from kontuar.operations.actor import Actor
from kontuar.operations.station.station import Station
from kontuar.operations.station.till.drafts import lines_editable


def choose_batch(station: Station, actor: Actor, doc_id: str, number: int, batch: str) -> Document:
    """Another kind of the same article on a line; an empty `batch` clears the properties.

    Stock and price are the article's, so neither changes. Raises `Refused("batch.not_found" | "line.unknown")`.
    """
    document = lines_editable(station, actor, doc_id)
    line = lines.find(document, number)
    return station.save(lines.replace(document, of_batch(line, batch_of(station, line.article, batch))))


def batch_of(station: Station, article: str, batch: str) -> Batch | None:
    """The batch by its code, None for an empty one; raises `Refused("batch.not_found")` when there is no such batch."""
    if not batch:
        return None
    found = station.books.definitions.get(Batch, f"{article}|{batch}")
    if found is None or not found.active:
        raise refuse("batch.not_found", "article", article=article, batch=batch[:60])
    return found


def of_batch(line: Line, batch: Batch | None) -> Line:
    """The line as that kind of its article."""
    if batch is None:
        return msgspec.structs.replace(line, batch="", properties={})
    return msgspec.structs.replace(line, batch=batch.code, properties=dict(batch.properties))
