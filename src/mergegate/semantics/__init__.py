"""The linked program: symbols, types, hierarchy, call graph and effects over module summaries."""
