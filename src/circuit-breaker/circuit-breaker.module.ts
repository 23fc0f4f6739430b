import { Global, Logger, Module } from '@nestjs/common';
import { CircuitMetric } from '../metrics/circuit-metric.js';
import { HostChanges } from '../queue/gates/host-changes.js';

/** Whatever opens or closes a circuit in this process is told to `HostChanges`, which everybody may subscribe to. */
@Global()
@Module({ providers: [HostChanges], exports: [HostChanges] })
export class CircuitBreakerModule {
  private readonly logger = new Logger('Circuits');

  constructor(hostChanges: HostChanges, metric: CircuitMetric) {
    hostChanges.subscribe(({ host, to, until, note }) => {
      metric.changed(to);
      const at = until === undefined ? undefined : new Date(until).toISOString();
      this.logger.log({ host, to, until: at, note }, `circuit ${to}`);
    });
  }
}
