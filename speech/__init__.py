"""From voices to text: what is speech, where sentences end, what was said. Knows no Django."""
