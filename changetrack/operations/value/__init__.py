"""The use cases of value: outcomes and their terms, the customer's words on them, recognition."""
