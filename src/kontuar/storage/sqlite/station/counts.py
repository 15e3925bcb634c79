"""Counting queries of a business day, for reconciliation; forked documents are head office's to decide on."""

from collections.abc import Sequence

from kontuar.kernel.money import Minor
from kontuar.kernel.quantity import unscaled
from kontuar.operations.ports.station import DaySum, TenderSum
from kontuar.storage.sqlite.engine import SqliteDatabase


class SqliteCounts:
    """Reads `document`, `cash_move`, `stock_move`."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    def day_sums(self, day: str) -> Sequence[DaySum]:
        """Per document type."""
        numbers: dict[str, list[str]] = {}
        query = "SELECT type, number FROM document WHERE business_day = ? AND state <> 'forked' ORDER BY id"
        for kind, number in self._database.rows(query, (day,)):
            numbers.setdefault(kind, []).append(number)
        rows = self._database.rows(
            "SELECT type, count(*), sum(line_count), sum(gross) FROM document"
            " WHERE business_day = ? AND state <> 'forked' GROUP BY type ORDER BY type",
            (day,),
        )
        return [
            DaySum(document_type=kind, documents=count, lines=lines, gross=Minor(gross), numbers=tuple(numbers[kind]))
            for kind, count, lines, gross in rows
        ]

    def day_tenders(self, day: str) -> Sequence[TenderSum]:
        """Per form and currency, documents only."""
        rows = self._database.rows(
            "SELECT m.form, m.currency, sum(m.amount) FROM document d JOIN cash_move m ON m.doc_id = d.doc_id"
            " WHERE d.business_day = ? AND d.state <> 'forked' AND m.effect = 'payment'"
            " GROUP BY m.form, m.currency ORDER BY m.form, m.currency",
            (day,),
        )
        return [TenderSum(form=form, currency=currency, amount=Minor(amount)) for form, currency, amount in rows]

    def day_stock(self, day: str) -> Sequence[tuple[str, str, str]]:
        """(warehouse, article, change in base units as text)."""
        rows = self._database.rows(
            "SELECT place, article, sum(change) FROM ("
            " SELECT m.from_place place, m.article, -m.quantity_e4 change FROM document d"
            "  JOIN stock_move m ON m.doc_id = d.doc_id WHERE d.business_day = ?1 AND d.state <> 'forked'"
            " UNION ALL SELECT m.to_place, m.article, m.quantity_e4 FROM document d"
            "  JOIN stock_move m ON m.doc_id = d.doc_id WHERE d.business_day = ?1)"
            " WHERE substr(place, 1, 1) <> '@' GROUP BY place, article ORDER BY place, article",
            (day,),
        )
        return [(warehouse, article, str(unscaled(change))) for warehouse, article, change in rows]
