"""What the verdict weighs beside findings: type errors, and the evidence files that other runs leave behind."""
