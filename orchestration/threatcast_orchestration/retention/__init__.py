"""What grows is kept in bounds: what there is, what goes by rule, and its removal.

Payloads, parsed rows, the archive and the record of decisions are not touched here.
"""
