"""Doors of the process that speak HTTP: the receiver, health and metrics."""
