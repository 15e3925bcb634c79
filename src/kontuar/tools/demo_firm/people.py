"""Who works in the demo firm and who buys there. Nobody of them exists; tax numbers start with 999."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final, Literal

import msgspec

from kontuar.domain.parties import rights
from kontuar.domain.parties.records import UNDEFINED, Contractor, Operator, Role
from kontuar.kernel.codes import with_ean_check_digit
from kontuar.tools.demo_firm.structure import LOYALTY, WHOLESALE
from kontuar.tools.demo_firm.varieties import addresses_of, branch_of, consents_of

ROLES: Final = tuple(
    Role(code=code, name=name, rights=tuple(sorted(given)))
    for code, name, given in (
        ("cashier", "Kasjer", rights.CASHIER),
        ("shift_manager", "Kierownik zmiany", rights.SHIFT_MANAGER),
        ("manager", "Kierownik sklepu", rights.MANAGER),
        ("administrator", "Administrator", rights.ADMINISTRATOR),
    )
)


_LIMITS = {"cashier": Decimal(10), "shift_manager": Decimal(20), "manager": Decimal(30)}
"""The most per cent that each role gives on one document; the administrator gives as he likes (DISC-06)."""


class DemoOperator(msgspec.Struct, frozen=True, kw_only=True):
    """An operator whose `pin_verifier` is still empty, with the PIN to tell visitors of the demo."""

    operator: Operator
    pin: str


_Language = Literal["pl", "en", "fr"]
_OPERATORS: tuple[tuple[str, str, str, str, str, _Language], ...] = (
    ("101", "Anna Wrzos", "1111", "cashier", "KRK", "pl"),
    ("102", "Piotr Jaskier", "2222", "cashier", "KRK", "pl"),
    ("103", "Zofia Malwa", "3333", "shift_manager", "KRK", "pl"),
    ("104", "Marek Piołun", "4444", "manager", "KRK", "pl"),
    ("201", "Chloé Bruyère", "5555", "cashier", "GDN", "fr"),
    ("202", "James Heather", "6666", "cashier", "GDN", "en"),
    ("203", "Ewa Rokitnik", "7777", "shift_manager", "GDN", "pl"),
    ("204", "Tomasz Łubin", "8888", "manager", "GDN", "pl"),
    ("900", "Halina Szałwia", "9999", "administrator", "", "pl"),
)


def demo_operators() -> tuple[DemoOperator, ...]:
    """Cashiers, shift managers and a manager for each shop, and one administrator for all."""
    return tuple(
        DemoOperator(
            pin=pin,
            operator=Operator(
                code=code,
                name=name,
                pin_verifier="",
                roles=(role,),
                stores=(store,) if store else (),
                card=with_ean_check_digit(f"298000000{code}"),
                language=language,
                discount_percent=_LIMITS.get(role),
            ),
        )
        for code, name, pin, role, store, language in _OPERATORS
    )


_BUSINESSES = (
    ("Pensjonat Pod Jarzębiną", "9990100276", "ul. Szyszkowa 3", "34-599", "Zakopane", 14),
    ("Bar Mleczny Kogucik s.c.", "9990100419", "ul. Rondlowa 21", "31-199", "Kraków", 7),
    ("Kawiarnia Słoneczny Parapet", "9990100543", "ul. Cynamonowa 5", "30-299", "Kraków", 7),
    ("Przedszkole Wesoły Grajek", "9990100684", "ul. Kredkowa 12", "31-299", "Kraków", 14),
    ("Zakład Stolarski Heblik", "9990100827", "ul. Wiórowa 40", "32-099", "Zabierzów", 0),
    ("Biuro Rachunkowe Saldo i Spółka", "9990100951", "ul. Liczydłowa 2", "30-399", "Kraków", 0),
    ("Hotel Bursztynowa Przystań", "9990101092", "ul. Kotwiczna 9", "80-799", "Gdańsk", 14),
    ("Smażalnia Złoty Dorsz", "9990101235", "ul. Wydmowa 1", "84-199", "Władysławowo", 7),
    ("Szkółka Żeglarska Halsik", "9990101376", "ul. Masztowa 17", "81-399", "Gdynia", 0),
    ("Piekarnia Rumiany Bochen", "9990101502", "ul. Młynarzy 6", "80-299", "Gdańsk", 14),
    ("Klub Fitness Zgrabna Foka", "9990101643", "ul. Sprężysta 30", "80-399", "Gdańsk", 0),
    ("Remonty Równa Ściana", "9990101784", "ul. Poziomkowa 11", "83-099", "Pruszcz Gdański", 7),
)
_PEOPLE = (
    ("Barbara Modrzew", "Kraków"), ("Krzysztof Dereń", "Kraków"), ("Małgorzata Kalina", "Wieliczka"),
    ("Józef Wiąz", "Kraków"), ("Agnieszka Lawenda", "Skawina"), ("Stanisław Berberys", "Kraków"),
    ("Katarzyna Pigwa", "Kraków"), ("Grażyna Łopian", "Niepołomice"), ("Jan Świerk", "Gdańsk"),
    ("Elżbieta Głóg", "Sopot"), ("Andrzej Tarnina", "Gdańsk"), ("Żaneta Śliwka", "Gdynia"),
    ("Paweł Oset", "Gdańsk"), ("Magdalena Chaber", "Tczew"), ("Ryszard Ćwikła", "Gdańsk"),
    ("Nadia Rumianek", "Gdańsk"),
)  # fmt: skip


def contractors() -> Iterator[Contractor]:
    """The walk-in customer, businesses (some on the wholesale list), people (most with a loyalty card)."""
    yield Contractor(code=UNDEFINED, name="Klient detaliczny")
    yield from _businesses()
    yield from _people()


def _businesses() -> Iterator[Contractor]:
    for place, (name, nip, street, postal_code, city, days) in enumerate(_BUSINESSES, 1):
        yield Contractor(
            code=f"F{place:03}",
            name=name,
            kind="business",
            tax_number=nip,
            street=street,
            postal_code=postal_code,
            city=city,
            email=f"zakupy{place}@example.com",
            phone=f"+48 500 010 {place:03}",
            price_list=WHOLESALE if days else "",
            payment_days=days,
            group="FIRMY" if branch_of(name) == "usługi" else "GASTRO",
            addresses=addresses_of(place, city),
            attributes={"BRANZA": branch_of(name)},
        )


def _people() -> Iterator[Contractor]:
    for place, (name, city) in enumerate(_PEOPLE, 1):
        has_card = place % 4 != 0
        yield Contractor(
            code=f"K{place:03}",
            name=name,
            city=city,
            phone=f"+48 600 020 {place:03}",
            price_list=LOYALTY if has_card else "",
            loyalty_card=with_ean_check_digit(f"299000000{place:03}") if has_card else "",
            group="OSOBY",
            consents=consents_of(place) if has_card else (),
        )
