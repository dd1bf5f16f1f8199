-- A spelling that nobody has reviewed counts as UNLOCATED; it belongs in the seed
-- country_spellings, as a country or with the reason why it is none.
{{ config(severity = 'warn') }}

with written as (
    select distinct
        'ransomware_live' as feed,
        country_written as spelling
    from {{ ref("stg_ransomware_live") }}
    union
    select distinct
        'ransomware_live_press' as feed,
        country_written as spelling
    from {{ ref("stg_ransomware_live_press") }}
    union
    select distinct
        'ip_country' as feed,
        country_written as spelling
    from {{ ref("stg_ip_country") }}
    union
    select distinct
        'eurepoc' as feed,
        unnest(receivers_written) as spelling
    from {{ ref("stg_eurepoc") }}
    union
    select distinct
        'accessnow_keepiton' as feed,
        trim(unnest(string_split(countries_written, ';'))) as spelling
    from {{ ref("stg_accessnow_keepiton") }}
)

select written.*
from written
anti join {{ ref("int_country_spellings") }} as spellings
    on written.feed = spellings.feed and lower(written.spelling) = spellings.spelling
where written.spelling is not null
