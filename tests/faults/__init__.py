"""What the house survives: killed schedulers, failing receivers, jumping clocks, a database that goes away."""
