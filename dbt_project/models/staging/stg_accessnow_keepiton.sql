with

rows_as_read as (
    select * from {{ source('raw', 'accessnow_keepiton') }}
),

shutdowns as (
    select
        copy_number,
        vintage_day,
        payload,
        shutdown_type,
        start_date_type,
        trim(country) as countries_written,
        lower(trim(area_name)) as area,
        lower(trim(affected_network)) as network,
        {{ working_year("try_cast(count_year as integer)") }} as count_year,
        {{ working_day("try_cast(start_date as date)") }} as start_day,
        {{ working_day("try_cast(end_date as date)") }} as end_day,
        {{ far_columns({"start_date": "start_date", "end_date": "end_date"}) }} as far_columns
    from rows_as_read
)

select * from shutdowns
