"""The journey: Kotter's eight steps, their control points, evidence, the gate, and where an account stands."""
