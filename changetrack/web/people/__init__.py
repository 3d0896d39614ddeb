"""The pages of a person: signing in and out, their sessions, their password."""
