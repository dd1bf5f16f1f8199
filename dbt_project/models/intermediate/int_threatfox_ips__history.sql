with

{{ first_listed(ref('stg_threatfox_ips'), 'cast(null as varchar)') }},

{{ address_places('listed') }},

located as (
    select
        {{ hash_key(['listed.address']) }} as event_key,
        address_places.location,
        listed.known_from as event_day,
        listed.known_from,
        cast(null as date) as known_to,
        listed.address
    from listed
    inner join address_places
        on listed.address = address_places.address
)

select * from located
