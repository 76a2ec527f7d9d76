#!/usr/bin/env bash
# Checks the metrics of a running service, and that Prometheus has them with the same values.
# TASKER_URL and PROMETHEUS_URL say where, TASKER_HTTP_TOKEN has the token. Further arguments go to the command.
set -euo pipefail
exec npx tasker-telemetry validate metrics \
  --url "${TASKER_URL:-http://127.0.0.1:3000/tasker}" \
  --prometheus "${PROMETHEUS_URL:-http://127.0.0.1:9090}" \
  "$@"
