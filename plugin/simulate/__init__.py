"""Last quarter's tickets through next month's pack: histories in, a report out, and nothing written to Zammad."""
