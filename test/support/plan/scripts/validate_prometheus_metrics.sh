#!/bin/bash
# scripts/validate_prometheus_metrics.sh

set -e

PROMETHEUS_URL="http://localhost:${PROMETHEUS_PORT:-9090}"
TASKER_METRICS_URL="http://localhost:${TASKER_PORT:-3000}/tasker/metrics"

echo "📊 Validating Prometheus metrics for Tasker..."

# Check Prometheus health
echo "📡 Checking Prometheus connectivity..."
curl -f "$PROMETHEUS_URL/-/healthy" > /dev/null 2>&1 || {
    echo "❌ Prometheus not accessible at $PROMETHEUS_URL"
    exit 1
}

# Check Tasker metrics endpoint
echo "🔍 Checking Tasker metrics endpoint..."
curl -f "$TASKER_METRICS_URL" > /dev/null 2>&1 || {
    echo "❌ Tasker metrics not accessible at $TASKER_METRICS_URL"
    exit 1
}

# Get current metrics from Tasker
echo "📈 Fetching current Tasker metrics..."
TASKER_METRICS=$(curl -s "$TASKER_METRICS_URL")
METRIC_COUNT=$(echo "$TASKER_METRICS" | grep -c "^[a-zA-Z]" || true)

echo "✅ Tasker exposing $METRIC_COUNT metrics"

# Validate specific metrics exist
EXPECTED_METRICS=(
    "tasker_tasks_total"
    "tasker_steps_total"
    "tasker_workflow_duration_seconds"
    "tasker_active_connections"
    "tasker_cache_operations_total"
)

echo "🔍 Validating expected metrics..."
for metric in "${EXPECTED_METRICS[@]}"; do
    if echo "$TASKER_METRICS" | grep -q "^$metric"; then
        echo "✅ Found metric: $metric"
    else
        echo "⚠️  Missing metric: $metric"
    fi
done

# Query Prometheus for Tasker metrics
echo "🔍 Querying Prometheus for Tasker metrics..."
PROM_METRICS=$(curl -s "$PROMETHEUS_URL/api/v1/label/__name__/values" | jq -r '.data[] | select(contains("tasker"))')

if [ -z "$PROM_METRICS" ]; then
    echo "⚠️  No Tasker metrics found in Prometheus"
    echo "🔧 Check if Prometheus is scraping the /tasker/metrics endpoint"
    exit 1
fi

PROM_METRIC_COUNT=$(echo "$PROM_METRICS" | wc -l)
echo "✅ Prometheus has $PROM_METRIC_COUNT Tasker metrics"

# Validate metric values
echo "📊 Validating metric values..."
for metric in "${EXPECTED_METRICS[@]}"; do
    if echo "$PROM_METRICS" | grep -q "$metric"; then
        # Get latest value
        QUERY_RESULT=$(curl -sG "$PROMETHEUS_URL/api/v1/query" --data-urlencode "query=$metric" | jq -r '.data.result[0].value[1]' 2>/dev/null || echo "null")
        if [ "$QUERY_RESULT" != "null" ]; then
            echo "✅ $metric = $QUERY_RESULT"
        else
            echo "⚠️  $metric has no current value"
        fi
    fi
done

# Check scrape health
echo "🔍 Checking scrape health..."
SCRAPE_HEALTH=$(curl -sG "$PROMETHEUS_URL/api/v1/query" --data-urlencode 'query=up{job="tasker-metrics"}' | jq -r '.data.result[0].value[1]' 2>/dev/null || echo "0")

if [ "$SCRAPE_HEALTH" = "1" ]; then
    echo "✅ Tasker metrics scrape is healthy"
else
    echo "❌ Tasker metrics scrape is down"
    exit 1
fi

echo "🎉 Prometheus validation completed successfully!"
