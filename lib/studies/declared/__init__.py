"""The declared studies, a file each."""
