"""Country codes, regions and names."""
