"""The till: `python3 -m shop apple pear:3` prints what it comes to."""

import sys

from shop.cart import Cart
from shop.price import PriceList, UnknownArticle


def main(arguments):
    cart = Cart(PriceList.load())
    try:
        for argument in arguments:
            article, _, quantity = argument.partition(":")
            cart.add(article, int(quantity or 1))
    except UnknownArticle as unknown:
        print(f"till: nobody sells {unknown.args[0]} here", file=sys.stderr)
        return 1
    except ValueError as wrong:
        print(f"till: {wrong}", file=sys.stderr)
        return 2
    print(cart.prices.show(cart.total()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
