with

targets as (
    select
        target,
        week_offset_days
    from {{ ref('targets') }}
),

address_locations as (
    select * from {{ ref('int_address_locations') }}
),

{% set histories = {
    'ransomware_claims': 'int_ransomware_live__history',
    'exploited_vulnerabilities': 'int_cisa_kev__history',
    'ddos_targets': 'int_ddosia_targets__history',
    'reported_cyberattacks': 'int_ransomware_live_press__history',
    'state_cyber_incidents': 'int_eurepoc__history',
    'internet_shutdowns': 'int_accessnow_keepiton__history',
    'data_breaches': 'int_xposedornot_breaches__history',
} -%}

{% for target, history in histories.items() -%}
    {{ target }} as (
        select
            '{{ target }}' as target,
            event_key,
            location,
            event_day,
            known_from,
            known_to
        from {{ ref(history) }}
    ),

{% endfor -%}

malware_hosts as (
    select
        'malware_hosts' as target,
        {{ hash_key(['history.address']) }} as event_key,
        address_locations.location,
        history.known_from as event_day,
        history.known_from,
        cast(null as date) as known_to
    from {{ ref('int_threatfox_ips__history') }} as history
    inner join address_locations
        on history.address = address_locations.address
    where not history.is_stock
),

c2_servers as (
    select
        'c2_servers' as target,
        {{ hash_key(['history.tool', 'history.address']) }} as event_key,
        address_locations.location,
        history.known_from as event_day,
        history.known_from,
        cast(null as date) as known_to
    from {{ ref('int_c2_tracker__history') }} as history
    inner join address_locations
        on history.address = address_locations.address
    where not history.is_stock
),

events as (
    {% for target in histories -%}
        select * from {{ target }}
        union all
    {% endfor -%}
    select * from malware_hosts
    union all
    select * from c2_servers
),

dated as (
    select
        events.target,
        events.event_key,
        events.location,
        events.event_day,
        {{ week_of('events.event_day + targets.week_offset_days') }} as week,
        events.known_from,
        events.known_to
    from events
    inner join targets
        on events.target = targets.target
)

select * from dated
