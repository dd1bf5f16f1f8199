"""OpenPhish community feed: a fixed-size window of phishing URLs."""
