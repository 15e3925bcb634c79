"""The cash ledger, its balances (a cache that a test rebuilds) and shifts."""

from collections.abc import Iterable, Mapping, Sequence

from kontuar.domain.cash.records import CashMove, FormTotal, Shift, ShiftReport, TaxTotal, TypeTotal
from kontuar.kernel.canonical import decode, encode
from kontuar.kernel.money import Minor
from kontuar.kernel.time import instant_text
from kontuar.storage.sqlite.engine import SqliteDatabase
from kontuar.storage.sqlite.last_read import LastRead


class SqliteCash:
    """Tables `cash_move`, `cash_balance`, `shift`."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database
        self._open = LastRead(Shift)

    def open_shift(self) -> Shift | None:
        """The shift that is open; the database allows only one."""
        body = self._database.value("SELECT body FROM shift WHERE closed_at IS NULL")
        return None if body is None else self._open.read(body)

    def start(self, shift: Shift) -> None:
        """A shift begins."""
        self._database.write(
            "INSERT INTO shift VALUES (?, ?, ?, NULL, NULL)", (shift.shift_id, shift.number, encode(shift))
        )

    def keep_ended(self, shift: Shift, at: str) -> None:
        """A shift of an earlier life that nobody closed, beside the one that is open: it is over, without a report."""
        self._database.write(
            "INSERT INTO shift VALUES (?, ?, ?, ?, NULL)", (shift.shift_id, shift.number, encode(shift), at)
        )

    def known(self, shift_id: str) -> bool:
        """Whether it ever began here."""
        return bool(self._database.value("SELECT 1 FROM shift WHERE shift_id = ?", (shift_id,)))

    def finish(self, report: ShiftReport) -> None:
        """The shift ends with its report."""
        assert report.closed_at is not None
        self._database.write(
            "UPDATE shift SET closed_at = ?, report = ? WHERE shift_id = ?",
            (instant_text(report.closed_at), encode(report), report.shift.shift_id),
        )

    def last_shift_number(self) -> int:
        """0 before the first one."""
        return int(self._database.value("SELECT max(number) FROM shift") or 0)

    def report_of(self, shift_id: str) -> ShiftReport | None:
        """The report of a closed shift."""
        body = self._database.value("SELECT report FROM shift WHERE shift_id = ?", (shift_id,))
        return None if body is None else decode(body, ShiftReport)

    def closed_shifts(self, limit: int) -> Sequence[Shift]:
        """The latest closed shifts."""
        rows = self._database.rows(
            "SELECT body FROM shift WHERE closed_at IS NOT NULL ORDER BY number DESC LIMIT ?", (limit,)
        )
        return [decode(body, Shift) for (body,) in rows]

    def add_moves(self, doc_id: str, moves: Iterable[CashMove], shift_id: str) -> None:
        """Append to the ledger; the balance follows in the same transaction."""
        listed = tuple(moves)
        self._database.write_many(
            "INSERT INTO cash_move VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (doc_id, m.line, m.effect, m.register, m.form, m.currency, m.amount, m.in_system, shift_id)
                for m in listed
            ],
        )
        self._database.write_many(
            "INSERT INTO cash_balance VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET amount = amount + excluded.amount",
            [(m.register, m.form, m.currency, m.amount) for m in listed],
        )

    def balances(self, register: str) -> Mapping[tuple[str, str], Minor]:
        """(form, currency) → what the ledger says is in the register."""
        rows = self._database.rows("SELECT form, currency, amount FROM cash_balance WHERE register = ?", (register,))
        return {(form, currency): Minor(amount) for form, currency, amount in rows}

    def type_totals(self, shift_id: str) -> Sequence[TypeTotal]:
        """Documents of a shift by type, first and last number in the order of approval; forked ones are none of it."""
        rows = self._database.rows(
            "SELECT t.type, t.n, a.number, b.number, t.gross FROM"
            " (SELECT type, count(*) n, min(id) first, max(id) last,"
            "  sum(CASE WHEN repeats = '' THEN gross ELSE 0 END) gross"
            "  FROM document WHERE shift_id = ? AND state <> 'forked' GROUP BY type) t"
            " JOIN document a ON a.id = t.first JOIN document b ON b.id = t.last ORDER BY t.type",
            (shift_id,),
        )
        return [
            TypeTotal(document_type=kind, count=n, first_number=first, last_number=last, gross=Minor(gross))
            for kind, n, first, last, gross in rows
        ]

    def tax_totals(self, shift_id: str) -> Sequence[TaxTotal]:
        """Sales of a shift by VAT rate."""
        rows = self._database.rows(
            "SELECT x.vat, sum(x.net), sum(x.tax), sum(x.gross)"
            " FROM document d JOIN document_tax x ON x.document = d.id"
            " WHERE d.shift_id = ? AND d.state <> 'forked' AND d.family = 'trade' AND d.repeats = ''"
            " GROUP BY x.vat ORDER BY x.vat",
            (shift_id,),
        )
        return [TaxTotal(vat=vat, net=Minor(net), tax=Minor(tax), gross=Minor(gross)) for vat, net, tax, gross in rows]

    def sales_gross(self, shift_id: str) -> Minor:
        """What the documents of a shift add to sales, signed."""
        return Minor(
            self._database.value(
                "SELECT coalesce(sum(turnover), 0) FROM document WHERE shift_id = ? AND state <> 'forked'", (shift_id,)
            )
        )

    def form_totals(self, shift: Shift) -> Sequence[FormTotal]:
        """Money of a shift by form and currency: what was there at its start, came, went, is expected."""
        rows = self._database.rows(
            "SELECT b.form, b.currency, b.amount,"
            " coalesce(sum(CASE WHEN m.effect = 'float' THEN m.amount END), 0),"
            " coalesce(sum(CASE WHEN m.effect <> 'float' AND m.amount > 0 THEN m.amount END), 0),"
            " coalesce(sum(CASE WHEN m.effect <> 'float' AND m.amount < 0 THEN m.amount END), 0)"
            " FROM cash_balance b LEFT JOIN cash_move m ON m.shift_id = ?1 AND m.register = b.register"
            " AND m.form = b.form AND m.currency = b.currency"
            " WHERE b.register = ?2 GROUP BY b.form, b.currency ORDER BY b.form, b.currency",
            (shift.shift_id, shift.register),
        )
        return [
            FormTotal(
                form=form, currency=currency, opening=Minor(now - came - went), received=Minor(came),
                paid_out=Minor(-went), expected=Minor(now),
            )
            for form, currency, now, _, came, went in rows
        ]  # fmt: skip
