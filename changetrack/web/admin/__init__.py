"""The pages of administrators: people, teams, the playbook, imports, use and keys."""
