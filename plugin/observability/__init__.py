"""What one process knows of its own condition: health for probes, metrics for graphs."""
