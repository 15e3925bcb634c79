"""What the numbers of a POSNET device mean, in our own words (SALE-05: the cashier is told what to do)."""

import csv
from functools import cache
from importlib.resources import files

from kontuar.devices.failures import DeviceFailure, failure

UNKNOWN = ("fiscal.refused", "the device gave an error that is not in our table")


class DeviceAnswer(Exception):
    """The device answered *no* with a number."""

    def __init__(self, number: int, command: str, field: str = "") -> None:
        super().__init__(f"{command}: {number}")
        self.number = number
        self.command = command
        self.field = field

    def failure(self) -> DeviceFailure:
        """The same as a refusal that screens can show; `number` is what the device's manual lists."""
        code, meaning = meaning_of(self.number)
        return failure(code, number=self.number, command=self.command, field=self.field, meaning=meaning)


def meaning_of(number: int) -> tuple[str, str]:
    """(refusal code, what it means) of a device's error number."""
    return _table().get(number, UNKNOWN)


def refusal_codes() -> frozenset[str]:
    """Every refusal code that this table can give (each needs a translation)."""
    return frozenset(code for code, _ in _table().values())


@cache
def _table() -> dict[int, tuple[str, str]]:
    text = (files("kontuar.devices.fiscal") / "device_errors.csv").read_text("utf-8")
    return {int(row["number"]): (row["code"], row["meaning"]) for row in csv.DictReader(text.splitlines())}
