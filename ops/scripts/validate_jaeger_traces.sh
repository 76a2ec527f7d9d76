#!/usr/bin/env bash
# Runs three patterns with the telemetry of this environment, and looks for exactly their traces in Jaeger.
# JAEGER_URL, OTEL_EXPORTER_OTLP_ENDPOINT and SERVICE_NAME say where. Further arguments go to the command.
set -euo pipefail
exec npx tasker-telemetry validate traces \
  --jaeger "${JAEGER_URL:-http://127.0.0.1:16686}" \
  --endpoint "${OTEL_EXPORTER_OTLP_ENDPOINT:-http://127.0.0.1:4318}" \
  --service "${SERVICE_NAME:-tasker}" \
  "$@"
