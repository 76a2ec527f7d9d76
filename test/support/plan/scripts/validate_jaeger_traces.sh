#!/bin/bash
# scripts/validate_jaeger_traces.sh

set -e

JAEGER_URL="http://localhost:${JAEGER_PORT:-16686}"
SERVICE_NAME="tasker"
LOOKBACK="1h"

echo "🔍 Validating Jaeger traces for Tasker..."

# Check Jaeger health
echo "📡 Checking Jaeger connectivity..."
curl -f "$JAEGER_URL/api/services" > /dev/null 2>&1 || {
    echo "❌ Jaeger not accessible at $JAEGER_URL"
    exit 1
}

# Get services
echo "🔍 Fetching available services..."
SERVICES=$(curl -s "$JAEGER_URL/api/services" | jq -r '.data[]')

if echo "$SERVICES" | grep -q "$SERVICE_NAME"; then
    echo "✅ Tasker service found in Jaeger"
else
    echo "⚠️  Tasker service not found. Available services:"
    echo "$SERVICES"
    exit 1
fi

# Get traces for the last hour
echo "📊 Fetching recent traces..."
TRACES=$(curl -s "$JAEGER_URL/api/traces?service=$SERVICE_NAME&lookback=$LOOKBACK" | jq '.data[]')

if [ -z "$TRACES" ]; then
    echo "⚠️  No traces found for $SERVICE_NAME in the last $LOOKBACK"
    exit 1
fi

TRACE_COUNT=$(echo "$TRACES" | jq -s length)
echo "✅ Found $TRACE_COUNT traces for $SERVICE_NAME"

# Analyze trace operations
echo "🔍 Analyzing trace operations..."
OPERATIONS=$(echo "$TRACES" | jq -r '.spans[].operationName' | sort | uniq -c | sort -nr)

echo "📈 Top operations by span count:"
echo "$OPERATIONS" | head -10

# Check for specific Tasker operations
EXPECTED_OPERATIONS=("task.created" "task.completed" "step.processed" "workflow.executed")
for op in "${EXPECTED_OPERATIONS[@]}"; do
    if echo "$OPERATIONS" | grep -q "$op"; then
        echo "✅ Found expected operation: $op"
    else
        echo "⚠️  Missing expected operation: $op"
    fi
done

# Check trace duration distribution
echo "📊 Trace duration analysis..."
DURATIONS=$(echo "$TRACES" | jq -r '.spans[] | select(.operationName | contains("task")) | .duration')
if [ -n "$DURATIONS" ]; then
    AVG_DURATION=$(echo "$DURATIONS" | awk '{sum+=$1; count++} END {print sum/count/1000}')
    echo "⏱️  Average task duration: ${AVG_DURATION}ms"
fi

echo "🎉 Jaeger validation completed successfully!"
