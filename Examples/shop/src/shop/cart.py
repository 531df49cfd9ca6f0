"""What a customer is about to buy."""


class Cart:
    def __init__(self, prices):
        self.prices = prices
        self.quantities = {}

    def add(self, article, quantity=1):
        if quantity < 1:
            raise ValueError(f"{quantity} of {article}: at least one")
        self.prices.of(article)
        self.quantities[article] = self.quantities.get(article, 0) + quantity
        return self

    def total(self):
        return sum(self.prices.of(article) * quantity for article, quantity in self.quantities.items())

    def lines(self):
        for article, quantity in sorted(self.quantities.items()):
            yield quantity, article, self.prices.of(article) * quantity
