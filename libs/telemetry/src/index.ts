export { aroundHandling } from './around-handling.js';
export { Metrics } from './metrics.js';
export type { BoundedLabels, GaugeReading, Measure } from './metrics.js';
export { ServiceHealth } from './service-health.js';
export type { HealthLimits, Verdict } from './service-health.js';
export { ServiceTelemetry } from './service-telemetry.js';
export { openTelemetryDoor } from './telemetry-door.js';
export type { TelemetryDoor } from './telemetry-door.js';
