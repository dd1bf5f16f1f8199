"""EuRepoC: cyber incidents with a political side."""
