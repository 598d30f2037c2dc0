"""The subjects on which the sandbox is judged."""
