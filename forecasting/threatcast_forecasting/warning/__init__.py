"""Early warning: which series have left what their published forecasts expected.

surprise        how far out in the forecast a count lies, the far tails included
wagers          evidence that grows week by week: betting against the forecasts
budget          how many false warnings a year are allowed, and the evidence that this asks for
unusual         all series of a night: levels, since when, and the share of false ones (e-BH)
warning_kinds   what is told: faults of data first, then threats
"""
