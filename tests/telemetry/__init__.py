"""Telemetry against OpenTelemetry's real SDK, Prometheus' own parser and a collector that reads OTLP."""
