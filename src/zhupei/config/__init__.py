"""Configuration: YAML files read with positions, validated, checked against each other."""
