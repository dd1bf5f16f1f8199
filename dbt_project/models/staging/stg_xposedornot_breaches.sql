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
        {{ working_number("exposedrecords", 100000000000) }} as exposed_records,
        verified as is_verified,
        sensitive as is_sensitive,
        cast({{ utc_timestamp('breacheddate') }} as date) as breach_month,
        cast({{ utc_timestamp('addeddate') }} as date) as added_day,
        {{ far_columns(
            {"breachedDate": "breacheddate", "addedDate": "addeddate"},
            {"exposedRecords": "exposedrecords not between 0 and 100000000000"}
        ) }} as far_columns
    from rows_as_read
),

in_range as (
    select
        * replace (
            {{ working_day("breach_month") }} as breach_month,
            {{ working_day("added_day") }} as added_day
        )
    from breaches
)

select * from in_range
