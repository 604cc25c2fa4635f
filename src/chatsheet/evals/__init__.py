"""Packs of questions with known answers, asked through the real chain: what is right, refused, asked back or wrong."""
