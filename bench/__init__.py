"""Measurements and long runs that print a table; nothing here is a timed test."""
