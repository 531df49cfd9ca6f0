from shop.cart import Cart
from shop.mail import letter
from shop.price import PriceList


def test_the_letter_names_the_customer_and_the_sum():
    text = letter("Flynn", Cart(PriceList.load()).add("quince", 2))
    assert text.startswith("Dear Flynn,\n")
    assert "  2 quince      2.40 EUR\n" in text
    assert "Altogether 2.40 EUR, of which 0.16 EUR is tax." in text
