"""Who may do what, and the record that it was done: roles, flags, audit chain, alerts, config."""
