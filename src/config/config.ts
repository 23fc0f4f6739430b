import { AdminSettings } from './admin-settings.js';
import { CircuitBreakerSettings } from './circuit-breaker-settings.js';
import { ClientSettings } from './client-settings.js';
import { DeliverySettings } from './delivery-settings.js';
import { EmailSettings } from './email-settings.js';
import { EventSettings } from './event-settings.js';
import { IngressSettings } from './ingress-settings.js';
import { AutoscaleSettings, MetricsSettings } from './metrics-settings.js';
import { OutgoingSettings } from './outgoing-settings.js';
import { RedisSettings } from './redis-settings.js';
import { RetentionSettings } from './retention-settings.js';
import { ServiceSettings } from './service-settings.js';
import { StorageSettings } from './storage-settings.js';
import { TaskTypeSettings } from './task-type-settings.js';
import { TracingSettings } from './tracing-settings.js';
import { WorkerSettings } from './worker-settings.js';

/**
 * Every setting of the product. A field's default is the product's default, and its type tells how text is read.
 * Built with nothing it is what an empty environment gives.
 */
export class Config {
  readonly service = new ServiceSettings();
  readonly ingress = new IngressSettings();
  readonly admin = new AdminSettings();
  readonly clients = new ClientSettings();
  readonly delivery = new DeliverySettings();
  readonly workers = new WorkerSettings();
  readonly circuitBreaker = new CircuitBreakerSettings();
  readonly events = new EventSettings();
  readonly metrics = new MetricsSettings();
  readonly autoscale = new AutoscaleSettings();
  readonly tracing = new TracingSettings();
  readonly taskTypes = new TaskTypeSettings();
  readonly email = new EmailSettings();
  readonly outgoing = new OutgoingSettings();
  readonly retention = new RetentionSettings();
  readonly storage = new StorageSettings();
  readonly redis = new RedisSettings();
}
