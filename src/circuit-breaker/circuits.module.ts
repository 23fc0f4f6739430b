import { Module, type OnModuleInit } from '@nestjs/common';
import { CircuitMetric } from '../metrics/circuit-metric.js';
import { Circuits } from './circuits.js';
import { HostLimits } from './host-limits.js';
import { KnownHosts } from './known-hosts.js';

/** API half: what operators see of circuits, and do to them. */
@Module({ providers: [Circuits, HostLimits, KnownHosts], exports: [Circuits, HostLimits, KnownHosts] })
export class CircuitsModule implements OnModuleInit {
  constructor(
    private readonly circuits: Circuits,
    private readonly metric: CircuitMetric,
  ) {}

  onModuleInit(): void {
    this.metric.measureWith(() => this.circuits.count());
  }
}
