"""The screens of a station: login, menu, receipt, payment, lists, cash, goods, shifts."""
