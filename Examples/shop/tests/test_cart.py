import pytest

from shop.cart import Cart
from shop.price import PriceList


@pytest.fixture
def cart():
    return Cart(PriceList({"apple": 40, "pear": 55}, vat_percent=7, currency="EUR"))


def test_an_empty_cart_costs_nothing(cart):
    assert cart.total() == 0


def test_the_quantity_counts(cart):
    assert cart.add("apple", 3).add("pear").total() == 175


def test_the_same_article_twice_is_one_line(cart):
    assert list(cart.add("apple").add("apple", 2).lines()) == [(3, "apple", 120)]


def test_less_than_one_is_refused(cart):
    with pytest.raises(ValueError):
        cart.add("apple", 0)
