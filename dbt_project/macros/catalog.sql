{#- Written by `make docs` from seeds/targets.csv and the feeds' definitions. Change it there; edits here are lost. -#}

{#- The feed of each target that is counted: what int_<feed>__history holds are its events. -#}
{% macro counted_feeds() -%}
    {{ return({
        'ransomware_claims': 'ransomware_live',
        'exploited_vulnerabilities': 'cisa_kev',
        'malware_hosts': 'threatfox_ips',
        'c2_servers': 'c2_tracker',
        'ddos_targets': 'ddosia_targets',
        'reported_cyberattacks': 'ransomware_live_press',
        'state_cyber_incidents': 'eurepoc',
        'internet_shutdowns': 'accessnow_keepiton',
        'data_breaches': 'xposedornot_breaches',
        'web_attack_hosts': 'sefinek_ips',
        'honeypot_attackers': 'honeypot_hosts',
        'reported_malicious_hosts': 'tweetfeed',
    }) }}
{%- endmacro %}

{#- The feeds whose records carry days: stg_<feed> has `far_columns`. -#}
{% macro dated_feeds() -%}
    {{ return([
        'accessnow_keepiton',
        'cisa_kev',
        'ddosia_targets',
        'eurepoc',
        'honeypot_hosts',
        'ransomware_live',
        'ransomware_live_press',
        'tweetfeed',
        'xposedornot_breaches',
    ]) }}
{%- endmacro %}

{#- What the records of a feed must have, by its gate: `fields` are expressions over its raw rows that are null or empty where a field is blank. -#}
{% macro must_have_fields() -%}
    {{ return([
        {'feed': 'accessnow_keepiton', 'target': 'internet_shutdowns', 'is_parts': False, 'key': ['start_date', 'country', 'lower(trim(area_name))', 'lower(trim(affected_network))'], 'day': 'try_cast(start_date as date)', 'where': 'true', 'fields': {'network': 'affected_network'}},
        {'feed': 'cisa_kev', 'target': 'exploited_vulnerabilities', 'is_parts': False, 'key': ['upper(trim(cveID))'], 'day': 'try_cast(dateAdded as date)', 'where': 'true', 'fields': {'vendor': 'vendorProject', 'product': 'product', 'due_day': 'dueDate'}},
        {'feed': 'eurepoc', 'target': 'state_cyber_incidents', 'is_parts': False, 'key': ['ID'], 'day': 'try_cast(left(start_date, 10) as date)', 'where': 'true', 'fields': {'kind': 'incident_type', 'added': 'added_to_DB'}},
        {'feed': 'honeypot_hosts', 'target': 'honeypot_attackers', 'is_parts': False, 'key': ['ip'], 'day': 'try_cast(left(first_seen, 10) as date)', 'where': "try_cast(left(first_seen, 10) as date) >= date '2026-06-01'", 'fields': {'category': 'category', 'last_seen': 'last_seen'}},
        {'feed': 'ransomware_live', 'target': 'ransomware_claims', 'is_parts': False, 'key': ['lower(trim(post_title))', 'lower(trim(group_name))'], 'day': 'try_cast(left(published, 10) as date)', 'where': 'true', 'fields': {'group': 'group_name', 'sector': "nullif(trim(activity), 'Not Found')", 'first_seen': 'discovered'}},
        {'feed': 'ransomware_live_press', 'target': 'reported_cyberattacks', 'is_parts': False, 'key': ['lower(trim(victim))', 'date'], 'day': 'try_cast(left(date, 10) as date)', 'where': 'true', 'fields': {'added': 'added'}},
        {'feed': 'tweetfeed', 'target': 'reported_malicious_hosts', 'is_parts': True, 'key': ["case\n    when kind = 'ip' then value\n    else lower(regexp_extract(value, '^([A-Za-z]+://)?([^/?#:]*)', 2))\nend"], 'day': 'try_cast(left(posted, 10) as date)', 'where': "kind in ('url', 'domain', 'ip')", 'fields': {'reporter': 'reporter'}},
        {'feed': 'xposedornot_breaches', 'target': 'data_breaches', 'is_parts': False, 'key': ['breachID'], 'day': 'try_cast(left(addedDate, 10) as date)', 'where': 'true', 'fields': {'sector': 'industry', 'domain': 'domain'}},
    ]) }}
{%- endmacro %}
