import { Module } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { EnqueueModule } from '../../enqueue/enqueue.module.js';
import type { ProblemError } from '../../http/problem.js';
import { faultsText, type ShapedProblem, shapeProblems } from '../../http/problem-shapes.js';
import { FlaskQueueController, FlaskTasksController } from './flask-worker.controller.js';

@Module({ imports: [EnqueueModule], controllers: [FlaskTasksController, FlaskQueueController] })
export class FlaskWorkerModule {
  constructor({ httpAdapter }: HttpAdapterHost<FastifyAdapter>) {
    const server = httpAdapter.getInstance();
    for (const prefix of ['/tasks', '/queue']) shapeProblems(server, prefix, shaped);
  }
}

function shaped(problem: ProblemError): ShapedProblem {
  const { status, code } = problem.init;
  const error = code === 'task_not_found' ? 'Task not found' : faultsText(problem, wordFor);
  return { status, body: { error } };
}

/** What is `payload` otherwise is `data` here. */
function wordFor(pointer: string): string {
  return pointer.replace(/^\/payload(?=\/|$)/, '/data');
}
