{#- A dotted IPv4 address as whole number; null for anything else. -#}
{% macro ipv4_number(address) -%}
    case
        when regexp_full_match({{ address }}, '[0-9]{1,3}([.][0-9]{1,3}){3}')
            then
                cast(split_part({{ address }}, '.', 1) as bigint) * 16777216
                + cast(split_part({{ address }}, '.', 2) as bigint) * 65536
                + cast(split_part({{ address }}, '.', 3) as bigint) * 256
                + cast(split_part({{ address }}, '.', 4) as bigint)
    end
{%- endmacro %}

{#- Whether an address, as number, can be nobody's on the open internet: this network, private,
    shared by a provider's customers, loopback, link-local, multicast and reserved. -#}
{% macro is_reserved_ipv4(number) -%}
    coalesce(
        {{ number }} < 16777216
        or {{ number }} between 167772160 and 184549375
        or {{ number }} between 1681915904 and 1686110207
        or {{ number }} between 2130706432 and 2147483647
        or {{ number }} between 2851995648 and 2852061183
        or {{ number }} between 2886729728 and 2887778303
        or {{ number }} between 3232235520 and 3232301055
        or {{ number }} >= 3758096384,
        false
    )
{%- endmacro %}
