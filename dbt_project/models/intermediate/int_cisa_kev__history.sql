with

vulnerabilities as (
    select * from {{ ref('stg_cisa_kev') }}
),

copies as (
    select * from {{ ref('int_feed_copies') }}
    where feed = 'cisa_kev'
),

-- twice a copy held a CVE twice, for a day also with that day's date: the earliest one holds
states as (
    select
        copies.copy_number,
        {{ hash_key(['vulnerabilities.cve']) }} as event_key,
        'WORLD' as location,
        min(vulnerabilities.listed_day) as event_day,
        min(vulnerabilities.listed_day) as recorded_day,
        cast(null as date) as assumed_day
    from vulnerabilities
    inner join copies
        on vulnerabilities.copy_number = copies.copy_number
    where vulnerabilities.listed_day is not null
    group by copies.copy_number, vulnerabilities.cve
),

{{ known_periods('states', 'event_key', ['location', 'event_day']) }}

select * from periods
