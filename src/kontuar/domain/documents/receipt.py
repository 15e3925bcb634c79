"""The receipt (PAR): sells goods to a walk-in or known customer, paid at once, fiscalised at approval."""

from kontuar.domain.documents.sale_life import sale_life
from kontuar.domain.parties import rights

LIFE = sale_life(approve=rights.APPROVE_RECEIPT, void=rights.VOID_RECEIPT)
