"""Use: what is counted, who sends it, what arrived, and whose it is."""
