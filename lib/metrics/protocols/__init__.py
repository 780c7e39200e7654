"""The protocols that scores are computed by, one file each."""
