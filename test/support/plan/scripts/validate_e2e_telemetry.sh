#!/bin/bash
# scripts/validate_e2e_telemetry.sh

set -e

echo "🚀 Running end-to-end telemetry validation..."

# Generate test workload
echo "📝 Generating test workload..."
curl -X POST http://localhost:${TASKER_PORT:-3000}/tasker/graphql \
  -H "Content-Type: application/json" \
  -d '{
    "query": "mutation { createTask(input: { namedTaskName: \"test_workflow\", context: \"{\\\"test\\\": true}\" }) { task { id status } } }"
  }' > /dev/null

sleep 5  # Allow time for telemetry to propagate

# Validate traces
echo "🔍 Validating traces..."
./scripts/validate_jaeger_traces.sh

# Validate metrics
echo "📊 Validating metrics..."
./scripts/validate_prometheus_metrics.sh

# Cross-validate correlation
echo "🔗 Cross-validating trace-metric correlation..."
RECENT_TASKS=$(curl -s "http://localhost:${JAEGER_PORT:-16686}/api/traces?service=tasker&operation=task.created&lookback=5m" | jq '.data | length')
TASK_METRIC=$(curl -sG "http://localhost:${PROMETHEUS_PORT:-9090}/api/v1/query" --data-urlencode 'query=increase(tasker_tasks_total[5m])' | jq -r '.data.result[0].value[1]' 2>/dev/null || echo "0")

echo "📈 Recent task traces: $RECENT_TASKS"
echo "📊 Task metric increase: $TASK_METRIC"

if [ "$RECENT_TASKS" -gt 0 ] && [ "$(echo "$TASK_METRIC > 0" | bc)" -eq 1 ]; then
    echo "✅ Trace-metric correlation validated"
else
    echo "⚠️  Trace-metric correlation issue detected"
fi

echo "🎉 End-to-end telemetry validation completed!"
