"""None in functions: an abstract run over the statements of a function that notes unguarded uses; asks an `Oracle`."""
