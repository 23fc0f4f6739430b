import { Module } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { EnqueueModule } from '../../enqueue/enqueue.module.js';
import type { ProblemError } from '../../http/problem.js';
import { type ShapedProblem, shapeProblems } from '../../http/problem-shapes.js';
import { FlaskQueueController, FlaskTasksController } from './flask-worker.controller.js';

@Module({ imports: [EnqueueModule], controllers: [FlaskTasksController, FlaskQueueController] })
export class FlaskWorkerModule {
  constructor({ httpAdapter }: HttpAdapterHost<FastifyAdapter>) {
    const server = httpAdapter.getInstance();
    for (const prefix of ['/tasks', '/queue']) shapeProblems(server, prefix, shaped);
  }
}

function shaped({ init }: ProblemError): ShapedProblem {
  const { status, code, detail } = init;
  return { status, body: { error: code === 'task_not_found' ? 'Task not found' : detail } };
}
