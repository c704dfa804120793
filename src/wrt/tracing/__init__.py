"""NumPy, jax.numpy and torch code as formulas: arrays that carry the library's meaning are put through a function, which leaves the tree of what it did."""
