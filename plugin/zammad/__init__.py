"""The only room that speaks to Zammad: reads become nouns, writes end in one of three outcomes."""
