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
