"""What DuckDB alone would do: one SELECT a feed over the same payloads, with our raw columns.

`{files}` stands for the landed file, or for the list of a bundle's members unpacked beforehand.
"""

from __future__ import annotations

_OBJECT = "format = 'unstructured', compression = 'zstd', maximum_object_size = 200000000"
_ARRAY = "format = 'array', compression = 'zstd'"

BASELINES = {
    "c2_tracker": """
        SELECT filename AS tool, unnest(string_split(content, chr(10))) AS address
        FROM read_text({files})""",
    "cisa_kev": f"""
        SELECT unnest(vulnerabilities, max_depth := 2), catalogVersion, dateReleased
        FROM read_json({{files}}, {_OBJECT}, columns = {{
            catalogVersion: 'VARCHAR', dateReleased: 'VARCHAR', vulnerabilities:
            'STRUCT(cveID VARCHAR, vendorProject VARCHAR, product VARCHAR, dateAdded VARCHAR,
            dueDate VARCHAR, knownRansomwareCampaignUse VARCHAR, cwes VARCHAR[])[]'}})""",
    "ddosia_targets": """
        SELECT filename AS list_name, unnest(targets, max_depth := 2)
        FROM read_json({files}, format = 'unstructured', filename = true, columns = {
            targets: 'STRUCT(host VARCHAR, type VARCHAR, port INTEGER)[]'})""",
    "ip_country": """
        SELECT * FROM read_csv({files}, compression = 'zstd', header = false, columns = {
            range_start: 'VARCHAR', range_end: 'VARCHAR', country: 'VARCHAR'})""",
    "ransomware_live": f"""
        SELECT * FROM read_json({{files}}, {_ARRAY}, columns = {{
            post_title: 'VARCHAR', group_name: 'VARCHAR', discovered: 'VARCHAR',
            published: 'VARCHAR', country: 'VARCHAR', activity: 'VARCHAR'}})""",
    "ransomware_live_press": f"""
        SELECT * FROM read_json({{files}}, {_ARRAY}, columns = {{
            victim: 'VARCHAR', date: 'VARCHAR', added: 'VARCHAR', country: 'VARCHAR'}})""",
    "sefinek_ips": """
        SELECT * FROM read_csv({files}, compression = 'zstd', header = false,
            auto_detect = false, columns = {address: 'VARCHAR'})""",
    "threatfox_ips": """
        SELECT * FROM read_csv({files}, compression = 'zstd', header = false,
            auto_detect = false, columns = {address: 'VARCHAR'})""",
    "tweetfeed": """
        SELECT * FROM read_csv({files}, compression = 'zstd', header = false,
            auto_detect = false, columns = {posted: 'VARCHAR', reporter: 'VARCHAR',
            kind: 'VARCHAR', value: 'VARCHAR', tags: 'VARCHAR', link: 'VARCHAR'})""",
}
# two feeds come as an object around their list as well
WRAPPED = {
    "ransomware_live": f"""
        SELECT unnest(victims, max_depth := 2) FROM read_json({{files}}, {_OBJECT}, columns = {{
            victims: 'STRUCT(victim VARCHAR, "group" VARCHAR, discovered VARCHAR,
            attackdate VARCHAR, country VARCHAR, activity VARCHAR)[]'}})""",
    "ransomware_live_press": f"""
        SELECT unnest(results, max_depth := 2) FROM read_json({{files}}, {_OBJECT}, columns = {{
            results: 'STRUCT(victim VARCHAR, date VARCHAR, added VARCHAR, country VARCHAR)[]'}})""",
}


def baseline_of(feed: str, head: bytes) -> str:
    """Return the SELECT for a payload that begins with `head`.

    Raises
    ------
    RuntimeError
        If the feed has none; one is needed as soon as it is large enough to be measured.
    """
    if feed in WRAPPED and head.lstrip()[:1] == b"{":
        return WRAPPED[feed]
    if feed not in BASELINES:
        raise RuntimeError(f"{feed} is large by now and has no SELECT in benchmarks/baselines.py")
    return BASELINES[feed]


def copy_of(query: str, files: list[str], target: str) -> str:
    """Return the COPY that writes what a baseline reads from files as one Parquet file.

    Examples
    --------
    >>> copy_of("SELECT * FROM read_text({files})", ["a"], "b.parquet")
    "COPY (SELECT * FROM read_text(['a'])) TO 'b.parquet' (FORMAT parquet, COMPRESSION zstd)"
    """
    listed = ", ".join(_text(file) for file in files)
    read = query.replace("{files}", f"[{listed}]").strip()
    return f"COPY ({read}) TO {_text(target)} (FORMAT parquet, COMPRESSION zstd)"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
