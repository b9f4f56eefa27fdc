"""The web door. Only `web.public` is here yet: it serves published releases and can reach nothing before them."""
