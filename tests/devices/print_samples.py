"""Print models that several tests draw."""

from kontuar.operations.print_model import (
    LineHeadings,
    PrintLine,
    PrintModel,
    PrintRow,
    VatHeadings,
    VatRow,
)

POLISH = PrintModel(
    language="pl",
    title="PARAGON",
    number="PAR/2026/01/000123",
    copy_mark="KOPIA",
    seller=("Żółta Łódź Sp. z o.o.", "NIP 526-025-02-74"),
    store="Kraków 1",
    station="Kasa 2",
    operator="Anna Wąs",
    issued_at="2026-01-15 10:31",
    lines=(
        PrintLine(
            name="Chleb żytni",
            quantity="2",
            unit="szt.",
            unit_price="3,99",
            value="7,98",
            vat_letter="B",
            discount="rabat 10%: -0,80",
        ),
        PrintLine(name="Gęś", quantity="1,234", unit="kg", unit_price="9,90", value="12,22", struck=True),
    ),
    vat_headings=VatHeadings(rate="Stawka", net="Netto", vat="VAT", gross="Brutto"),
    vat=(VatRow(letter="B", rate="8%", net="6,65", vat="0,53", gross="7,18"),),
    totals=(PrintRow(label="DO ZAPŁATY PLN", value="19,40", strong=True),),
    payments=(PrintRow(label="Gotówka", value="20,00"), PrintRow(label="Reszta", value="0,60")),
    footer=("Dziękujemy!",),
    qr="kontuar:document:0199",
)

FRENCH = PrintModel(
    language="fr",
    title="TICKET DE CAISSE",
    seller=("Café de l’Été à Nîmes",),
    lines=(
        PrintLine(
            name="Crème brûlée « maison » à l’œuf", quantity="1", unit_price="1\u202f234,50", value="1\u202f234,50"
        ),
    ),
    totals=(PrintRow(label="TOTAL À PAYER", value="1\u202f234,50 €", strong=True),),
    barcode="5901234123457",
)

PAGE = PrintModel(
    language="pl",
    title="PRZESUNIĘCIE MIĘDZYMAGAZYNOWE",
    number="MM/2026/01/000009",
    seller=("Żółta Łódź Sp. z o.o.",),
    details=(PrintRow(label="Z magazynu", value="Kraków 1"), PrintRow(label="Do magazynu", value="Łódź 2")),
    headings=LineHeadings(code="Kod", name="Nazwa", quantity="Ilość", unit="J.m."),
    lines=tuple(
        PrintLine(name=f"Artykuł {number}", code=f"A{number:04}", quantity="3", unit="szt.") for number in range(1, 91)
    ),
    footer=("Wydał: ....................", "Przyjął: ...................."),
)
