"""Tests of the gateway: causes, routes, wire, legs and the egress."""
