"""What all tests of screens share: the one browser, and head office over the firm of the guide."""

from browser.chromium import chromium
from browser.head_office_pages import hub, page, token

__all__ = ["chromium", "hub", "page", "token"]
