"""Sums for reports in PostgreSQL (HUB-08): what booking noted is added in larger steps, then read by key."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final

from kontuar.kernel.money import Minor
from kontuar.operations.ports.hub_lists import LossRow, ReportFilter, SalesRow
from kontuar.storage.postgres.engine import HubDatabase

_TAKE: Final = """
DELETE FROM sums_waiting WHERE waiting_id IN (
  SELECT waiting_id FROM sums_waiting ORDER BY waiting_id LIMIT %s FOR UPDATE SKIP LOCKED)
RETURNING store, doc_ids, sign"""

_SIGNS: Final = "unnest(%(types)s::text[], %(signs)s::integer[]) AS t(type, sign)"
_PERIOD: Final = """s.business_day BETWEEN %(day_from)s AND %(day_to)s AND s.currency = %(currency)s
  AND (%(store)s = '' OR s.store = %(store)s)"""
_PERSON: Final = (
    "AND (%(station)s = '' OR s.station = %(station)s) AND (%(operator)s = '' OR s.operator = %(operator)s)"
)

_BY_HOURS: Final = f"""
SELECT %s, sum(s.documents), sum(s.lines), sum(sign * s.quantity_e4), sum(sign * s.net), sum(sign * s.tax),
       sum(sign * s.gross), sum(sign * s.discount)
FROM sales_hour s JOIN {_SIGNS} USING (type) WHERE {_PERIOD} {_PERSON} GROUP BY 1"""
_KEYS: Final = {
    "day": "s.business_day::text",
    "hour": "lpad(s.hour::text, 2, '0')",
    "store": "s.store",
    "station": "s.station",
    "operator": "s.operator",
}
_BY_ARTICLES: Final = f"""
SELECT s.article, 0, sum(s.lines), sum(sign * s.quantity_e4), 0, 0, sum(sign * s.value), 0
FROM sales_article s JOIN {_SIGNS} USING (type) WHERE {_PERIOD} GROUP BY 1"""
_BY_GROUPS: Final = f"""
SELECT coalesce(convert_from(a.body, 'UTF8')::jsonb->>'group', ''), 0, sum(x.lines), sum(x.quantity), 0, 0,
       sum(x.value), 0
FROM (SELECT s.article, sum(s.lines) AS lines, sum(sign * s.quantity_e4) AS quantity, sum(sign * s.value) AS value
      FROM sales_article s JOIN {_SIGNS} USING (type) WHERE {_PERIOD} GROUP BY 1) x
LEFT JOIN definition a ON a.kind = 'article' AND a.key = x.article GROUP BY 1"""
_BY_FORMS: Final = f"""
SELECT s.form, sum(s.payments), 0, 0, 0, 0, sum(sign * s.in_system), 0
FROM sales_form s JOIN {_SIGNS} USING (type)
WHERE s.business_day BETWEEN %(day_from)s AND %(day_to)s AND (%(store)s = '' OR s.store = %(store)s) GROUP BY 1"""
_QUERIES: Final = {
    **{name: _BY_HOURS.replace("%s", key, 1) for name, key in _KEYS.items()},
    "article": _BY_ARTICLES,
    "group": _BY_GROUPS,
    "form": _BY_FORMS,
}
_ORDERS: Final = {"day": "1", "hour": "1"}
_NAMED: Final = {"store": "store", "station": "station", "operator": "operator", "article": "article",
                 "group": "article_group", "form": "payment_form"}  # fmt: skip

_SOLD: Final = f"""
SELECT s.operator, sum(s.documents), sum(s.gross) FROM sales_hour s
WHERE {_PERIOD} {_PERSON} AND s.type = ANY(%(types)s) GROUP BY 1"""
_LOST: Final = """
SELECT s.operator, s.what, sum(s.times), sum(s.value) FROM loss_fact s
WHERE s.business_day BETWEEN %(day_from)s AND %(day_to)s AND (%(store)s = '' OR s.store = %(store)s)
  AND (%(operator)s = '' OR s.operator = %(operator)s) GROUP BY 1, 2"""


class PostgresReportShelf:
    """The `ReportShelf` of the hub."""

    def __init__(self, database: HubDatabase) -> None:
        self._database = database

    def reading(self) -> AbstractContextManager[None]:
        return self._database.transaction(reading=True)

    def fold(self, most: int) -> int:
        with self._database.transaction():
            connection = self._database.connection
            taken = connection.execute(_TAKE, [most]).fetchall()
            together: dict[tuple[str, int], list[Any]] = defaultdict(list)
            for store, doc_ids, sign in taken:
                together[store, sign] += doc_ids
            for (store, sign), doc_ids in sorted(together.items()):
                connection.execute("SELECT count_documents(%s, %s::uuid[], %s)", [store, doc_ids, sign])
        return len(taken)

    def sales(self, wanted: ReportFilter, by: str, signs: Mapping[str, int], most: int) -> Sequence[SalesRow]:
        values = {**_values(wanted), "types": list(signs), "signs": list(signs.values()), "most": most}
        query = f"{_QUERIES[by]} ORDER BY {_ORDERS.get(by, '7 DESC, 1')} LIMIT %(most)s"
        rows = self._database.connection.execute(query, values).fetchall()
        names = self._names(by, [row[0] for row in rows])
        return [
            SalesRow(
                key=key, name=names.get(key, ""), documents=int(documents), lines=int(lines), quantity_e4=int(quantity),
                net=Minor(int(net)), tax=Minor(int(tax)), gross=Minor(int(gross)), discount=Minor(int(discount)),
            )
            for key, documents, lines, quantity, net, tax, gross, discount in rows
        ]  # fmt: skip

    def losses(self, wanted: ReportFilter, types: Collection[str]) -> Sequence[LossRow]:
        connection = self._database.connection
        values = {**_values(wanted), "types": list(types)}
        sold = {row[0]: (int(row[1]), int(row[2])) for row in connection.execute(_SOLD, values)}
        times: dict[str, dict[str, int]] = defaultdict(dict)
        worth: dict[str, dict[str, int]] = defaultdict(dict)
        for operator, what, often, value in connection.execute(_LOST, values):
            times[operator][what] = int(often)
            worth[operator][what] = int(value)
        return [
            LossRow(
                operator=operator, documents=sold.get(operator, (0, 0))[0], gross=Minor(sold.get(operator, (0, 0))[1]),
                times=times[operator], values=worth[operator],
            )
            for operator in sorted({*sold, *times} - {""})
        ]  # fmt: skip

    def _names(self, by: str, keys: Sequence[str]) -> dict[str, str]:
        if by not in _NAMED or not keys:
            return {}
        rows = self._database.connection.execute(
            "SELECT key, convert_from(body, 'UTF8')::jsonb->>'name' FROM definition WHERE kind = %s AND key = ANY(%s)",
            [_NAMED[by], list(keys)],
        ).fetchall()
        return {key: name or "" for key, name in rows}


def _values(wanted: ReportFilter) -> dict[str, Any]:
    return {
        "day_from": wanted.day_from, "day_to": wanted.day_to, "store": wanted.store, "station": wanted.station,
        "operator": wanted.operator, "currency": wanted.currency,
    }  # fmt: skip
