"""What keeps an installation: copies of all of it, and letting go of what is to be kept no longer."""
