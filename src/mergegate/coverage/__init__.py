"""Coverage: what tests executed, compared with floors, a baseline and the statements that a change brings."""
