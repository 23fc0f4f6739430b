import { Controller, Get, Header } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { register } from 'prom-client';
import { OpensWithToken } from '../http/read-tokens.js';

/** For Prometheus; not part of the API's description. */
@ApiExcludeController()
@Controller('metrics')
export class MetricsController {
  @Get()
  @OpensWithToken('metrics')
  @Header('content-type', register.contentType)
  @Header('cache-control', 'no-store')
  index(): Promise<string> {
    return register.metrics();
  }
}
