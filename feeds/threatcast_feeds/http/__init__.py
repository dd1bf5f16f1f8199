"""One polite visit to an address: who asks, how often, where it may lead, how much is taken.

What is asked for, and what a feed makes of the answers, is in `modes`.
"""
