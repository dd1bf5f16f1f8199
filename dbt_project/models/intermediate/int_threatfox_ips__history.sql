with

{{ first_listed(ref('stg_threatfox_ips'), 'cast(null as varchar)') }}

select * from located
