#!/bin/bash
# scripts/validate_performance_telemetry.sh

set -e

echo "⚡ Validating performance telemetry..."

# Generate load
echo "🔄 Generating performance test load..."
for i in {1..10}; do
    curl -X POST http://localhost:${TASKER_PORT:-3000}/tasker/graphql \
      -H "Content-Type: application/json" \
      -d '{
        "query": "mutation { createTask(input: { namedTaskName: \"performance_test\", context: \"{\\\"iteration\\\": '$i'}\" }) { task { id } } }"
      }' > /dev/null &
done

wait  # Wait for all requests to complete
sleep 10  # Allow telemetry to propagate

# Validate performance metrics
echo "📊 Validating performance metrics..."

# Check request duration percentiles
DURATION_P95=$(curl -sG "http://localhost:${PROMETHEUS_PORT:-9090}/api/v1/query" --data-urlencode 'query=histogram_quantile(0.95, tasker_workflow_duration_seconds_bucket)' | jq -r '.data.result[0].value[1]' 2>/dev/null || echo "null")

# Check throughput
THROUGHPUT=$(curl -sG "http://localhost:${PROMETHEUS_PORT:-9090}/api/v1/query" --data-urlencode 'query=rate(tasker_tasks_total[1m])' | jq -r '.data.result[0].value[1]' 2>/dev/null || echo "null")

# Check error rate
ERROR_RATE=$(curl -sG "http://localhost:${PROMETHEUS_PORT:-9090}/api/v1/query" --data-urlencode 'query=rate(tasker_tasks_total{status="error"}[1m])' | jq -r '.data.result[0].value[1]' 2>/dev/null || echo "0")

echo "📈 Performance Metrics:"
echo "  ⏱️  95th percentile duration: ${DURATION_P95}s"
echo "  🚀 Throughput: ${THROUGHPUT} tasks/sec"
echo "  ❌ Error rate: ${ERROR_RATE} errors/sec"

# Validate trace performance data
SLOW_TRACES=$(curl -s "http://localhost:${JAEGER_PORT:-16686}/api/traces?service=tasker&minDuration=1s&lookback=5m" | jq '.data | length')
echo "  🐌 Slow traces (>1s): $SLOW_TRACES"

if [ "$SLOW_TRACES" -gt 5 ]; then
    echo "⚠️  High number of slow traces detected"
else
    echo "✅ Performance telemetry looks healthy"
fi

echo "🎉 Performance telemetry validation completed!"
