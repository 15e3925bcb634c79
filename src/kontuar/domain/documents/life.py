"""Names of actions and the shape that all life-cycle tables of documents have."""

from collections.abc import Callable, Iterable
from typing import Final

from kontuar.domain.documents.case import Case, Entry
from kontuar.kernel.lifecycle import Found, Lifecycle, Step

OPEN_PAYMENT: Final = "open_payment"
APPROVE: Final = "approve"
DISCARD: Final = "discard"
FISCALISE: Final = "fiscalise"
MARK_FISCALISED: Final = "mark_fiscalised"
PRINT: Final = "print"
CANCEL: Final = "cancel"

DISCARDED: Final = "discarded"

DocumentStep = Step[Case, Entry]
DocumentLife = Lifecycle[Case, Entry]

Check = Callable[[Case], Iterable[Found]]
"""Looks at a document and its surroundings; yields what is wrong, nothing when all is well."""
