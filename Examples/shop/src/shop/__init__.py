"""A very small shop: prices, a basket, and the letter that goes out with it."""
