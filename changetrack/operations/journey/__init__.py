"""Moving an account along the path: opening, evidence, the gate, and the other moves."""
