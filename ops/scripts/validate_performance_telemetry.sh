#!/usr/bin/env bash
# Runs TASK with the input CONTEXT (JSON) several times in a running service, and compares the times of Prometheus, of
# Jaeger and of the runs. Further arguments go to the command, such as --count 50 --p95 0.5.
set -euo pipefail
exec npx tasker-telemetry validate performance \
  --url "${TASKER_URL:-http://127.0.0.1:3000/tasker}" \
  --jaeger "${JAEGER_URL:-http://127.0.0.1:16686}" \
  --prometheus "${PROMETHEUS_URL:-http://127.0.0.1:9090}" \
  --task "${TASK:?name a task that the service serves}" \
  --context "${CONTEXT:-"{}"}" \
  "$@"
