"""The scores of a run, one file a family; tables show them in the order of the files' names."""
