"""The one browser that all tests of screens share."""

from browser.chromium import chromium

__all__ = ["chromium"]
