"""Reads OTLP requests with the official definitions of OpenTelemetry.

Each line of the input is a signal, an encoding and a body in base64. Each line of the output is the request as the JSON
of Protocol Buffers, with ids in base64. A body that the definitions do not know is an error.
"""
import base64
import json
import sys

from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

requests = {
    "traces": ExportTraceServiceRequest,
    "metrics": ExportMetricsServiceRequest,
    "logs": ExportLogsServiceRequest,
}
ids = {"traceId", "spanId", "parentSpanId"}


def with_base64_ids(value):
    if isinstance(value, list):
        return [with_base64_ids(item) for item in value]
    if isinstance(value, dict):
        return {
            key: base64.b64encode(bytes.fromhex(item)).decode() if key in ids else with_base64_ids(item)
            for key, item in value.items()
        }
    return value


def unknown_fields(message):
    from google.protobuf.unknown_fields import UnknownFieldSet

    if len(UnknownFieldSet(message)) > 0:
        raise ValueError(f"unknown field in {message.DESCRIPTOR.name}")
    for field, value in message.ListFields():
        if field.message_type is not None:
            for item in value if field.is_repeated else [value]:
                unknown_fields(item)


for line in sys.stdin:
    signal, encoding, body = line.split()
    data = base64.b64decode(body)
    if encoding == "http/json":
        message = json_format.ParseDict(with_base64_ids(json.loads(data)), requests[signal]())
    else:
        message = requests[signal].FromString(data)
        unknown_fields(message)
    print(json.dumps(json_format.MessageToDict(message)))
