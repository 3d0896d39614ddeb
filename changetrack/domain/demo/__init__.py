"""The example portfolio as a script: who there is, and what happened to each account on which day."""
