from shop.cart import Cart
from shop.mail import letter
from shop.price import PriceList


def lines():
    return letter("Flynn", Cart(PriceList.load()).add("quince", 2)).splitlines()


def test_the_letter_names_the_customer():
    assert lines()[0] == "Dear Flynn,"


def test_the_letter_lists_what_was_bought():
    assert lines()[4] == "  2 quince      2.40 EUR"


def test_the_letter_names_sum_and_tax():
    assert lines()[6] == "Altogether 2.40 EUR, of which 0.16 EUR is tax."
