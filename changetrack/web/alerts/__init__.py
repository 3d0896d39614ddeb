"""The pages of the night: the inbox of alerts, a person's messages, and what could not be delivered."""
