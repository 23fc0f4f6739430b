import { Processor, WorkerHost } from '@nestjs/bullmq';
import { Job } from 'bullmq';
import { EnqueueDto } from './enqueue.dto.js';

@Processor('tasks', { concurrency: Number(process.env['CONCURRENCY'] ?? 10) })
export class TaskProcessor extends WorkerHost {
  override async process(job: Job<EnqueueDto>): Promise<number> {
    const { task, timeout = 1800 } = job.data;
    const response = await fetch(task.url, {
      method: task.method ?? 'POST',
      headers: { ...task.headers, 'x-task-id': job.id ?? '' },
      body: task.body ?? null,
      redirect: 'manual',
      signal: AbortSignal.timeout(timeout * 1000),
    });
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`The target answered ${response.status}`);
    return response.status;
  }
}
