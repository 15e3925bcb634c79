"""What a station keeps decoded to be fast is what its books say now (PERF-01, REL-04, REL-10)."""

from pathlib import Path

import msgspec
import pytest

from kontuar.domain.catalogue.records import Article
from kontuar.domain.documents.document import Document
from kontuar.domain.firm.records import Centre, Parameter
from kontuar.operations.station import shifts, till
from kontuar.operations.station.station import Station
from kontuar.storage.sqlite import definitions as kept
from shop import MILK, TILE, WATER, actor_of, change, fill, load, new_station, open_till, small_shop, with_parameter

EWA = actor_of()


def renamed(station: Station, code: str, name: str) -> Article:
    article = station.books.definitions.get(Article, code)
    assert article is not None
    return msgspec.structs.replace(article, name=name)


def test_an_article_is_read_once_until_the_definitions_change(tmp_path: Path) -> None:
    """REL-10: by a change of one row, and by another snapshot under the same number."""
    station = new_station(tmp_path)
    definitions = station.books.definitions
    assert definitions.get(Article, MILK) is definitions.get(Article, MILK)
    change(station.books, renamed(station, MILK, "Kefir"))
    assert definitions.get(Article, MILK).name == "Kefir"
    others = [row for row in small_shop() if not (isinstance(row, Article) and row.code == MILK)]
    load(station.books, [*others, renamed(station, MILK, "Maślanka")], version=definitions.version()[1])
    assert definitions.get(Article, MILK).name == "Maślanka"


def test_only_the_latest_articles_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PERF-09: a hundred thousand would not fit."""
    monkeypatch.setattr(kept, "_MOST_ARTICLES", 2)
    definitions = new_station(tmp_path).books.definitions
    milk = definitions.get(Article, MILK)
    for code in (WATER, TILE):
        definitions.get(Article, code)
    assert definitions.get(Article, MILK) == milk
    assert definitions.get(Article, MILK) is not milk
    assert sum(kind is Article for kind, _ in definitions._found) == 2


def test_parameters_are_worked_out_once_for_the_rows_they_come_from(tmp_path: Path) -> None:
    """HUB-12, REL-10: a parameter, and the centre of the store, count from the next question on."""
    station = new_station(tmp_path)
    before = station.parameters()
    assert station.parameters() is before
    assert before.yes("sale.merge_same_article") is False
    with_parameter(station.books, "sale.merge_same_article", "yes")
    assert station.parameters().yes("sale.merge_same_article") is True
    change(station.books, Centre(code="OTHER", name="Inne"), Parameter(
        name="sale.merge_same_article", scope="centre:OTHER", value="no"))  # fmt: skip
    assert station.parameters().yes("sale.merge_same_article") is True
    change(station.books, msgspec.structs.replace(station.store(), centre="OTHER"))
    assert station.parameters().yes("sale.merge_same_article") is False


def test_a_draft_that_was_taken_back_is_not_remembered(tmp_path: Path) -> None:
    """REL-04: what a transaction wrote that came to nothing is nowhere, in no memory either."""
    station = open_till(tmp_path)
    draft = fill(station, MILK)
    changed = msgspec.structs.replace(draft, description="nobody approved this")

    def come_to_nothing() -> None:
        with station.books.transaction():
            station.save(changed)
            assert station.draft(draft.doc_id) == changed
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        come_to_nothing()
    assert station.draft(draft.doc_id) == draft


def test_each_draft_is_itself_whichever_was_read_last(tmp_path: Path) -> None:
    """REL-20."""
    station = open_till(tmp_path)
    drafts: list[Document] = [fill(station, MILK), fill(station, WATER, MILK)]
    for _ in range(2):
        assert [station.draft(draft.doc_id) for draft in drafts] == drafts
    till.discard(station, EWA, drafts[1].doc_id)
    assert station.books.drafts.load(drafts[1].doc_id) is None
    assert station.books.drafts.newest("receipt") == drafts[0]


def test_what_was_saved_is_what_a_new_process_reads(tmp_path: Path) -> None:
    """DOC-34: the draft kept in memory is the one on the disk, to the last field."""
    station = open_till(tmp_path)
    draft = fill(station, MILK, TILE)
    remembered = station.draft(draft.doc_id)
    station.books.database.close()
    assert new_station(tmp_path).draft(draft.doc_id) == remembered


def test_a_closed_shift_is_open_no_longer_and_the_next_one_is_another(tmp_path: Path) -> None:
    """PAY-08."""
    station = open_till(tmp_path)
    first = station.open_shift()
    assert station.open_shift() is first
    shifts.close_shift(station, EWA, (shifts.Counted(form="cash", currency="PLN", amount="100"),))
    assert station.books.cash.open_shift() is None
    shifts.open_shift(station, EWA, "0", None)
    assert station.open_shift().number == first.number + 1
