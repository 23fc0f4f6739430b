import { STATUS_CODES } from 'node:http';
import { Module } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { EnqueueModule } from '../../enqueue/enqueue.module.js';
import type { ProblemError } from '../../http/problem.js';
import { faultsText, type ShapedProblem, shapeProblems } from '../../http/problem-shapes.js';
import { addAdminWords } from './admin-words.js';
import { TaskDesk } from './task-desk.js';
import { TaskQueueGoController } from './task-queue-go.controller.js';

@Module({ imports: [EnqueueModule], controllers: [TaskQueueGoController], providers: [TaskDesk] })
export class TaskQueueGoModule {
  constructor({ httpAdapter }: HttpAdapterHost<FastifyAdapter>) {
    const server = httpAdapter.getInstance();
    shapeProblems(server, '/api/v1', shaped);
    addAdminWords(server);
  }
}

/** Where it has words of its own. */
const WORDS: Readonly<Record<string, string>> = {
  task_not_found: 'task not found',
  invalid_json: 'invalid request body',
  queue_full: 'queue at capacity',
  store_full: 'queue at capacity',
};

function shaped(problem: ProblemError): ShapedProblem {
  const { status, code } = problem.init;
  const message = WORDS[code] ?? faultsText(problem);
  return { status, body: { error: STATUS_CODES[status] ?? 'Error', message } };
}
