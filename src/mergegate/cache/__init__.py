"""The on-disk cache: a content-addressed store of opaque values, and the digests that make its keys."""
