"""What code writes to logs: personal data and credentials, by the names of what holds them."""
