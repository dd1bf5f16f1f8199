"""Late reports: how late a feed is, and what its newest weeks will have counted in the end."""
