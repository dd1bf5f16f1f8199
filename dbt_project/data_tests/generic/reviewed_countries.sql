{#- Spellings of countries that nobody has reviewed. Their records count as UNLOCATED; they belong
    in the seed country_spellings, as a country or with the reason why they are none. `each` gives
    the spellings of a record whose column holds several. -#}
{% test reviewed_countries(model, column_name, feed, each=none) %}
{{ config(severity="warn") }}

with written as (
    select distinct {{ each or column_name }} as spelling
    from {{ model }}
)

select written.*
from written
anti join {{ ref("int_country_spellings") }} as spellings
    on spellings.feed = '{{ feed }}' and lower(written.spelling) = spellings.spelling
where written.spelling is not null
{% endtest %}
