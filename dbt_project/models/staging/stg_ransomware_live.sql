with

rows_as_read as (
    select * from {{ source('raw', 'ransomware_live') }}
),

claims as (
    select
        copy_number,
        vintage_day,
        payload,
        lower(trim(post_title)) as victim,
        lower(trim(group_name)) as gang,
        nullif(trim(country), '') as country_written,
        nullif(nullif(trim(activity), ''), 'Not Found') as activity,
        {{ utc_timestamp('published') }} as published_at,
        {{ utc_timestamp('discovered') }} as discovered_at,
        {{ far_columns({"published": "published", "discovered": "discovered"}) }} as far_columns
    from rows_as_read
),

in_range as (
    select
        * replace (
            {{ working_day("published_at") }} as published_at,
            {{ working_day("discovered_at") }} as discovered_at
        )
    from claims
)

select * from in_range
