"""The commands of `chatsheet sheet`: a file is opened at a desk, then read, edited, corrected or exported."""
