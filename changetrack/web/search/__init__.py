"""Search: accounts, people, pages, actions."""
