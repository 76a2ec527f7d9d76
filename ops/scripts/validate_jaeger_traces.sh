#!/usr/bin/env bash
# Runs three patterns with the telemetry of this environment, and looks for exactly their traces in Jaeger.
# JAEGER_URL, OTEL_EXPORTER_OTLP_ENDPOINT and SERVICE_NAME say where. Further arguments go to the command.
# By default, spans go straight to Jaeger: the Collector of docker-compose.yml would keep a tenth of the traces.
set -euo pipefail
exec npx tasker-telemetry validate traces \
  --jaeger "${JAEGER_URL:-http://127.0.0.1:16686}" \
  --endpoint "${OTEL_EXPORTER_OTLP_ENDPOINT:-http://127.0.0.1:14318}" \
  --service "${SERVICE_NAME:-tasker}" \
  "$@"
