"""Examples inside a pack: stories with what should hold in them, run against the pack's own rules."""
