"""How good the forecasts are: the panels, and the figures that they must show.

python -m benchmarks.skill                      all panels that can be made here
python -m benchmarks.skill --panel FILE         the same figures for any panel file
"""
