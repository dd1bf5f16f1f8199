with

rows_as_read as (
    select * from {{ source('raw', 'xposedornot_breaches') }}
),

breaches as (
    select
        copy_number,
        vintage_day,
        payload,
        breachid as breach,
        industry,
        exposedrecords as exposed_records,
        verified as is_verified,
        sensitive as is_sensitive,
        cast({{ utc_timestamp('breacheddate') }} as date) as breach_month,
        cast({{ utc_timestamp('addeddate') }} as date) as added_day
    from rows_as_read
)

select * from breaches
