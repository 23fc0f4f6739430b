import { Controller, Get, Header } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiSecurity, ApiTags } from '@nestjs/swagger';
import { Config } from '../config/config.js';
import { ApiProblem } from '../http/api-problem.js';
import { ProblemError } from '../http/problem.js';
import { OpensWithToken } from '../http/read-tokens.js';
import { formatTime } from '../time/rfc3339.js';
import { AutoscaleAnswer } from './autoscale.dto.js';
import { FleetCount } from './fleet-count.js';

/** For whoever starts and stops workers, as KEDA does (metrics-api, `valueLocation: desired_workers`). */
@ApiTags('admin')
@ApiSecurity('admin')
@ApiSecurity('read-token')
@Controller('v1/autoscale')
export class AutoscaleController {
  constructor(
    private readonly config: Config,
    private readonly fleet: FleetCount,
  ) {}

  @Get()
  @OpensWithToken('autoscale')
  @Header('cache-control', 'no-store')
  @ApiOperation({
    operationId: 'getAutoscale',
    summary: 'How many workers are wanted',
    description:
      'Made from the tasks that could run now, counted every few seconds for the whole fleet. Opens with AUTOSCALE_TOKEN or the admin key.',
  })
  @ApiResponse({ status: 200, type: AutoscaleAnswer })
  @ApiProblem(401, 'The token or the admin key is missing or wrong.')
  @ApiProblem(429, 'Too many wrong tokens from this address; Retry-After says when to try again.')
  @ApiProblem(503, 'The store cannot be asked; keep the workers there are (`not_known`).')
  async get(): Promise<AutoscaleAnswer> {
    const survey = await this.fleet.read();
    if (!survey) throw notKnown();
    const { minWorkers, maxWorkers, drainSec } = this.config.autoscale;
    return {
      desired_workers: survey.desiredWorkers,
      workers: Object.values(survey.workers).reduce((sum, count) => sum + count, 0),
      held_workers: survey.heldWorkers,
      runnable_tasks: survey.runnable,
      busy_slots: survey.busySlots,
      slots_per_worker: Math.round(survey.slotsPerWorker * 10) / 10,
      mean_attempt_ms: survey.meanAttemptMs === undefined ? null : Math.round(survey.meanAttemptMs),
      drain_sec: drainSec,
      min_workers: minWorkers,
      max_workers: maxWorkers,
      counted_at: formatTime(survey.at),
    };
  }
}

function notKnown(): ProblemError {
  return new ProblemError({
    status: 503,
    code: 'not_known',
    detail: 'The store cannot be asked how much there is to do. Keep the workers there are.',
    headers: { 'retry-after': '5' },
  });
}
