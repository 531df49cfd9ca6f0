import pytest

from shop.price import PriceList, UnknownArticle


@pytest.fixture
def prices():
    return PriceList.load()


def test_the_list_knows_the_apple(prices):
    assert prices.of("apple") == 40


def test_nobody_sells_a_melon(prices):
    with pytest.raises(UnknownArticle):
        prices.of("melon")


@pytest.mark.parametrize("cents, vat", [(0, 0), (107, 7), (100, 7), (1, 0), (8, 1)])
def test_tax_is_rounded_to_the_nearest_cent(prices, cents, vat):
    assert prices.vat_in(cents) == vat


@pytest.mark.parametrize("cents, text", [(5, "0.05 EUR"), (120, "1.20 EUR"), (10000, "100.00 EUR")])
def test_money_has_two_digits_after_the_point(prices, cents, text):
    assert prices.show(cents) == text
