"""The letter that thanks for an order."""

from pathlib import Path

TEMPLATE = Path(__file__).parents[2] / "templates" / "mail.txt"


def letter(name, cart, template=TEMPLATE):
    prices = cart.prices
    lines = "\n".join(
        f"  {quantity} {article:<8}{prices.show(cents):>12}" for quantity, article, cents in cart.lines()
    )
    total = cart.total()
    return template.read_text(encoding="utf-8").format(
        name=name, lines=lines, total=prices.show(total), vat=prices.show(prices.vat_in(total))
    )
