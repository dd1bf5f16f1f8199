with

rows_as_read as (
    select * from {{ source('raw', 'country_codes') }}
),

{{ newest_copy('rows_as_read') }},

countries as (
    select
        copy_number,
        vintage_day,
        alpha2,
        alpha3,
        name as country_name,
        official_name_en,
        official_name_ar,
        official_name_zh,
        official_name_es,
        official_name_fr,
        official_name_ru,
        lpad(m49, 3, '0') as m49,
        lpad(region_code, 3, '0') as region_m49,
        lpad(subregion_code, 3, '0') as subregion_m49
    from newest
)

select * from countries
