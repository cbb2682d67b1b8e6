"""What woke us becomes facts: a look at a ticket, a sweep over the changed ones, an operator's wish."""
