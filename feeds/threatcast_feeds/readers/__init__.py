"""Generic readers that the feeds' parsers are made of.

`tables` writes the one Parquet file a parser owes; `json_lists`, `text_lines` and `csv_rows` let
DuckDB read a landed file where it knows the format; `diagnosis` says what a payload is that is
not the feed. Archives of small files are read with `threatcast_feeds.unpack`.
"""
