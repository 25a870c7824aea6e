"""Which files a project has, seen as git sees them."""
