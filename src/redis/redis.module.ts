import { Global, Module } from '@nestjs/common';
import { LayoutWatch } from './layout-watch.js';
import { RedisConnections } from './redis-connections.js';

@Global()
@Module({ providers: [RedisConnections, LayoutWatch], exports: [RedisConnections, LayoutWatch] })
export class RedisModule {}
