"""Race state -> predictions, with their uncertainty and their reasons."""
