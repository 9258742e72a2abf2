"""Fields of the root type, by what they answer."""
