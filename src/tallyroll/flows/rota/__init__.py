"""The rota: which school is due when, who has claimed it, how often it failed, when it was last kept."""
