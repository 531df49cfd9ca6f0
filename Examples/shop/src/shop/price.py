"""The price list, in whole cents: money is never a float."""

import json
from pathlib import Path

PRICES = Path(__file__).parents[2] / "data" / "prices.json"


class UnknownArticle(KeyError):
    """Nobody sells this here."""


class PriceList:
    def __init__(self, cents, vat_percent, currency):
        self.cents = cents
        self.vat_percent = vat_percent
        self.currency = currency

    @classmethod
    def load(cls, path=PRICES):
        content = json.loads(path.read_text(encoding="utf-8"))
        return cls(content["cents"], content["vat_percent"], content["currency"])

    def of(self, article):
        try:
            return self.cents[article]
        except KeyError:
            raise UnknownArticle(article) from None

    def vat_in(self, cents):
        """The tax that a price with tax contains, rounded to the nearest cent."""
        rate = self.vat_percent
        return (cents * rate * 2 + 100 + rate) // (2 * (100 + rate))

    def show(self, cents):
        return f"{cents // 100}.{cents % 100:02d} {self.currency}"
