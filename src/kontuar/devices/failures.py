"""What a device says when it does not do what was asked: a refusal that a person can act on."""

from kontuar.kernel.errors import Problem, Refused


class DeviceFailure(Refused):
    """The device did not do it, and nothing was done by halves that would have to be undone by hand."""


class FiscalUncertain(DeviceFailure):
    """Nobody can tell whether the receipt was registered: a person looks at the paper and decides (SALE-05).

    Its facts carry `receipts_before`, the device's counter before the attempt, for `find_out` later.
    """


class PartlyPrinted(DeviceFailure):
    """Some of the print is on paper: a repeat prints it once more from its beginning."""


def failure(code: str, **facts: object) -> DeviceFailure:
    """A device failure with one problem; facts are kept as text."""
    return DeviceFailure(_problem(code, facts))


def uncertain(code: str, **facts: object) -> FiscalUncertain:
    """A fiscal outcome that only a person can tell."""
    return FiscalUncertain(_problem(code, facts))


def partly_printed(code: str, **facts: object) -> PartlyPrinted:
    """A print that stopped midway."""
    return PartlyPrinted(_problem(code, facts))


def _problem(code: str, facts: dict[str, object]) -> Problem:
    return Problem(code, "", {name: str(value) for name, value in facts.items()})
