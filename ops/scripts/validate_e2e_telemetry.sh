#!/usr/bin/env bash
# Starts runs of TASK with the input CONTEXT (JSON) in a running service, and checks that its traces, metrics, log lines
# and task API agree about them exactly. Further arguments go to the command, such as --log-file service.log.
set -euo pipefail
exec npx tasker-telemetry validate e2e \
  --url "${TASKER_URL:-http://127.0.0.1:3000/tasker}" \
  --jaeger "${JAEGER_URL:-http://127.0.0.1:16686}" \
  --prometheus "${PROMETHEUS_URL:-http://127.0.0.1:9090}" \
  --task "${TASK:?name a task that the service serves}" \
  --context "${CONTEXT:-"{}"}" \
  "$@"
