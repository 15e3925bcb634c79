"""Identification codes with check digits (by python-stdnum)."""

from stdnum import ean
from stdnum.eu import vat
from stdnum.pl import nip, pesel


def is_ean(code: str) -> bool:
    """EAN-8, UPC-A, EAN-13 or GTIN-14 with a right check digit."""
    return ean.is_valid(code)


def with_ean_check_digit(digits: str) -> str:
    """The digits followed by their EAN check digit."""
    return digits + str(ean.calc_check_digit(digits))


def is_nip(number: str) -> bool:
    """A Polish tax number with a right check digit; separators and the PL prefix are allowed."""
    return nip.is_valid(number)


def is_pesel(number: str) -> bool:
    """The number of a person in the Polish register: eleven digits, a day of birth in them, a right check digit."""
    return number.isascii() and number.isdecimal() and pesel.is_valid(number)


def plain_nip(number: str) -> str:
    """Ten digits, no separators."""
    return nip.compact(number).removeprefix("PL")


def plain_tax_number(number: str) -> str:
    """A tax number without separators, letters large; of a Polish one the ten digits."""
    return plain_nip(number) if is_nip(number) else "".join(filter(str.isalnum, number)).upper()


def is_eu_vat(country: str, number: str) -> bool:
    """A VAT number of an EU country (GR or EL for Greece), written with or without the country's prefix."""
    prefix = "EL" if country == "GR" else country
    return len(prefix) == 2 and vat.is_valid(number if number.upper().startswith(prefix) else f"{prefix}{number}")


def is_iban(number: str) -> bool:
    """A bank account's international number with right check digits; spaces are allowed."""
    from stdnum import iban  # reads a register of banks, which a till never asks: it starts sooner without (PERF-03)

    return iban.is_valid(number, check_country=False)
