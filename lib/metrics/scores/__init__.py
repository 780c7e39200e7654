"""The scores of a run, a file each."""
