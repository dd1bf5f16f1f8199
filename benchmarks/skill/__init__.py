"""How good the forecasts are: panels that nothing was tuned on, and the figures they must show.

python -m benchmarks.skill                      all panels that can be made here
python -m benchmarks.skill --panel FILE         the same figures for any panel file
"""
