// Package tracing sends what OpenTelemetry calls traces to a collector. Rooms make their spans with the libraries of what they use (River, pgx,
// net/http), which ask for the process's one provider: until Start has set it, they record nothing.
package tracing

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.uber.org/zap"
)

// Start sends spans over OTLP (HTTP, protobuf) from now on. Where to, with which headers and how many of them is what the standard variables
// OTEL_* say, which the exporter reads by itself. The function it gives sends what is left and ends that.
func Start(ctx context.Context, version string, log *zap.Logger) (stop func(), err error) {
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("tracing: %w", err)
	}
	// What the variables say comes last, and so overrules.
	who, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", "etl"), attribute.String("service.version", version)),
		resource.WithHost(), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("tracing: %w", err)
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("traces are not sent", zap.Error(err)) }))
	provider := trace.NewTracerProvider(trace.WithBatcher(exporter), trace.WithResource(who))
	otel.SetTracerProvider(provider)
	return func() {
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if err := provider.Shutdown(late); err != nil {
			log.Warn("the last traces are not sent", zap.Error(err))
		}
	}, nil
}
