"""The only room with SQL: one database, short transactions, one small function per statement."""
