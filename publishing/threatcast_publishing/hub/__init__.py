"""What `formats/hubverse.py` needs: the hub's settings and the checks of its files."""
