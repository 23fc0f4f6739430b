import { Controller, Get, Res } from '@nestjs/common';
import { ApiOperation, ApiProperty, ApiResponse, ApiSecurity, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { HealthRegistry } from '../health/health-registry.js';
import { ApiProblem } from '../http/api-problem.js';

export class AdminHealth {
  @ApiProperty({ enum: ['healthy', 'unhealthy'] })
  status!: 'healthy' | 'unhealthy';

  @ApiProperty({ enum: ['connected', 'disconnected'] })
  redis!: 'connected' | 'disconnected';
}

@ApiTags('admin')
@Controller('admin/health')
export class AdminHealthController {
  constructor(private readonly health: HealthRegistry) {}

  @Get()
  @ApiSecurity('admin')
  @ApiOperation({ operationId: 'getAdminHealth', summary: 'Whether the service and its Redis are well' })
  @ApiResponse({ status: 200, type: AdminHealth })
  @ApiProblem(401, 'X-Admin-Key is missing or wrong.')
  @ApiProblem(429, 'Too many wrong keys from this address; Retry-After says when to try again.')
  @ApiProblem(503, 'Redis does not answer (plain JSON), or the admin API is closed.', AdminHealth)
  async read(@Res({ passthrough: true }) reply: FastifyReply): Promise<AdminHealth> {
    const { up } = await this.health.check('redis');
    reply.status(up ? 200 : 503);
    return up ? { status: 'healthy', redis: 'connected' } : { status: 'unhealthy', redis: 'disconnected' };
  }
}
