"""Who is to be primary, and what is done about it: wishes, operations, and what both operators remember of them."""
