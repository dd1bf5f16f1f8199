"""What readers ask of a forecast: totals, trend, probabilities, ranks; and past answers scored.

Quantiles in, answers out. Not here: how quantiles are made, or made to add up (`hierarchy`).
"""
