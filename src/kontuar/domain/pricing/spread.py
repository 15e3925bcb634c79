"""One amount over many lines: largest remainder, shares bounded by room, the excess spread again (DISC-24)."""

from collections.abc import Sequence

from kontuar.domain.pricing.exact import Exact


def spread(amount: int, weights: Sequence[Exact], rooms: Sequence[int]) -> list[int]:
    """Whole shares of `amount` in proportion to `weights`; none above its room; ties to the earlier one.

    What a full line cannot take is spread over the others with the original weights; the sum of the shares is
    below `amount` only when all rooms are full. Example: 10.00 over three equal lines = 3.34, 3.33, 3.33.
    """
    shares = [0] * len(weights)
    left = amount
    taking = [index for index, weight in enumerate(weights) if weight > 0 and rooms[index] > 0]
    while left > 0 and taking:
        wanted = _largest_remainder(left, [weights[index] for index in taking])
        full = [index for index, want in zip(taking, wanted, strict=True) if want >= rooms[index]]
        if not full:
            for index, want in zip(taking, wanted, strict=True):
                shares[index] = want
            return shares
        for index in full:
            shares[index] = rooms[index]
            left -= rooms[index]
        taking = [index for index in taking if index not in set(full)]
    return shares


def _largest_remainder(amount: int, weights: list[Exact]) -> list[int]:
    """Floor of each share, and the missing units to the largest fractional parts."""
    total = sum(weights)
    floors: list[int] = []
    remainders: list[Exact] = []
    for weight in weights:
        share = amount * weight
        floors.append(int(share // total))
        remainders.append(share % total)
    missing = amount - sum(floors)
    if missing:
        order = sorted(range(len(weights)), key=lambda index: -remainders[index])
        for index in order[:missing]:
            floors[index] += 1
    return floors
