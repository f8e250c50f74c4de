// Nothing: what is linked in is found by its name.
