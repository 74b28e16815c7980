"""Who may do what: roles, keys, browser tokens, addresses and rates, without I/O or clock."""
