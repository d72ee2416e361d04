"""What a turn came to, as numbers: one listener adds them up, the log and OpenTelemetry are told."""
