"""Addresses that attacked the public web sites of one operator."""
