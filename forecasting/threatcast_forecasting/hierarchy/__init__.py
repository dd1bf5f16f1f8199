"""Places of one target together: draws that add up along the tree, and countries that borrow.

Not here: single series (`models`), totals over weeks (`outlook`).
"""
