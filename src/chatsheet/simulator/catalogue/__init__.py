"""The failure catalogue, a module per layer: word by word what each side says, and how to rehearse what nobody says."""
