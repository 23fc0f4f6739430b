import { Controller, Get, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { PrometheusController } from '@willsoto/nestjs-prometheus';

/** For Prometheus; not part of the API's description. */
@ApiExcludeController()
@Controller('metrics')
export class MetricsController extends PrometheusController {
  @Get()
  override index(@Res({ passthrough: true }) reply: unknown): Promise<string> {
    return super.index(reply);
  }
}
