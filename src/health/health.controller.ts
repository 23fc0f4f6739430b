import { Controller, Get, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { HealthCheckService, HealthIndicatorService, type HealthCheckResult } from '@nestjs/terminus';
import type { FastifyReply } from 'fastify';
import { buildInfo } from '../config/build-info.js';
import { HealthRegistry } from './health-registry.js';

/** What machines ask: is it alive, may it get traffic, and, for people, which component is not well. */
@ApiExcludeController()
@Controller('health')
export class HealthController {
  constructor(
    private readonly registry: HealthRegistry,
    private readonly terminus: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
  ) {}

  @Get()
  async health(@Res({ passthrough: true }) reply: FastifyReply): Promise<object> {
    const { up } = await this.registry.check('redis');
    reply.status(up ? 200 : 503);
    return {
      status: up ? 'healthy' : 'unhealthy',
      redis: up ? 'connected' : 'disconnected',
      version: buildInfo.version,
      uptime_sec: Math.round(process.uptime()),
    };
  }

  /** Never touches Redis: a restart would not bring Redis back. */
  @Get('live')
  live(): object {
    return { status: 'alive' };
  }

  @Get('ready')
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<object> {
    const components = await this.registry.checkNeeded();
    const down = [...components].filter(([, { up }]) => !up).map(([name]) => name);
    const ready = down.length === 0 && !this.registry.isStopping;
    reply.status(ready ? 200 : 503);
    return {
      status: ready ? 'ready' : 'not_ready',
      ...(this.registry.isStopping && { reason: 'shutting_down' }),
      ...(down.length > 0 && { down }),
    };
  }

  @Get('detailed')
  async detailed(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthCheckResult> {
    const components = await this.registry.checkAll();
    const indicators = [...components].map(([name, { up, detail }]) => () => {
      const indicator = this.indicators.check(name);
      return up ? indicator.up(detail) : indicator.down(detail);
    });
    try {
      return await this.terminus.check(indicators);
    } catch (error) {
      const result = terminusResult(error);
      reply.status(503);
      return result;
    }
  }
}

/** Terminus throws what it found when something is down. */
function terminusResult(error: unknown): HealthCheckResult {
  if (error instanceof Error && 'getResponse' in error) {
    return (error as { getResponse(): HealthCheckResult }).getResponse();
  }
  throw error;
}
