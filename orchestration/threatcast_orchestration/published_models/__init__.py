"""Which model is published for each target: the record of decisions, and the tables that tell."""
