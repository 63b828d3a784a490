"""What is told of a drill: kept as JSON, shown in the terminal, drawn on one page."""
