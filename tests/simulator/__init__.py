"""Tests of the simulator: both ports, every fault, the scripted brain and the weights."""
