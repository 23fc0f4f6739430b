import { InjectQueue } from '@nestjs/bullmq';
import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { Queue } from 'bullmq';
import { randomUUID } from 'node:crypto';
import { EnqueueDto } from './enqueue.dto.js';

@Controller()
export class EnqueueController {
  constructor(@InjectQueue('tasks') private readonly queue: Queue) {}

  @Post('v1/enqueue')
  @HttpCode(202)
  async enqueue(@Body() request: EnqueueDto): Promise<object> {
    const jobId = randomUUID();
    await this.queue.add('http', request, {
      jobId,
      delay: (request.delay ?? 0) * 1000,
      attempts: (request.max_retries ?? 5) + 1,
      backoff: { type: 'exponential', delay: 1000 },
      removeOnComplete: 1000,
    });
    return {
      status: 'enqueued',
      task_id: jobId,
      queue: request.queue ?? 'default',
      client_id: request.client_id,
    };
  }

  @Get('health')
  health(): object {
    return { status: 'ok' };
  }
}
