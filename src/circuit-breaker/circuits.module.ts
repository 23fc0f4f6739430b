import { Module } from '@nestjs/common';
import { Circuits } from './circuits.js';
import { HostLimits } from './host-limits.js';
import { KnownHosts } from './known-hosts.js';

/** API half: what operators see of circuits, and do to them. */
@Module({ providers: [Circuits, HostLimits, KnownHosts], exports: [Circuits, HostLimits, KnownHosts] })
export class CircuitsModule {}
