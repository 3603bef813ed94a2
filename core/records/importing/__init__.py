"""Import: any table of a file becomes records, along the one write path; read, guess, match, combine, write in batches."""
