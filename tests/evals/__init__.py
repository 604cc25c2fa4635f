"""Tests of the evaluation: that it judges right, that its packs are sound, and a whole pack with scripted replies."""
