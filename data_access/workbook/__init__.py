"""The centre's workbooks: one table of sheets and columns drives the template, the reading and the import."""
