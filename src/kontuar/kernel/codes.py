"""Identification codes with check digits (by python-stdnum)."""

from stdnum import ean
from stdnum.pl import nip


def is_ean(code: str) -> bool:
    """EAN-8, UPC-A, EAN-13 or GTIN-14 with a right check digit."""
    return ean.is_valid(code)


def with_ean_check_digit(digits: str) -> str:
    """The digits followed by their EAN check digit."""
    return digits + str(ean.calc_check_digit(digits))


def is_nip(number: str) -> bool:
    """A Polish tax number with a right check digit; separators and the PL prefix are allowed."""
    return nip.is_valid(number)


def plain_nip(number: str) -> str:
    """Ten digits, no separators."""
    return nip.compact(number).removeprefix("PL")
