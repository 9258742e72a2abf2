"""zhupei beside what would be used instead: the same data, the same questions, the same answers."""
