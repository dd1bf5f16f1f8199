with

rows_as_read as (
    select * from {{ source('raw', 'ransomware_live_press') }}
),

reports as (
    select
        copy_number,
        vintage_day,
        payload,
        shape,
        lower(trim(victim)) as victim,
        -- this shape's codes are cut to two letters, and most are another country's: AUT as AU
        case when shape <> '2025-05' then nullif(trim(country), '') end as country_written,
        {{ working_day("try_cast(left(date, 10) as date)") }} as attack_day,
        {{ working_day("try_cast(left(added, 10) as date)") }} as added_day,
        {{ far_columns({"date": "date", "added": "added"}) }} as far_columns
    from rows_as_read
)

select * from reports
