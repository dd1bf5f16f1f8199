with

{{ first_listed(ref('stg_sefinek_ips'), 'ipv6_key') }}

select * from located
