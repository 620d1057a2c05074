"""The field's file formats, each written and read in a module of its own."""
