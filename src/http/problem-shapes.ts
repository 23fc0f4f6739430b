import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ProblemError } from './problem.js';

/** A problem in the words of another system. */
export interface ShapedProblem {
  readonly status: number;
  readonly body: object;
}

type ProblemShape = (problem: ProblemError) => ShapedProblem;

const shapes = new WeakMap<FastifyInstance, Map<string, ProblemShape>>();

/** Has the problems of all requests below a path answered in the words of another system. */
export function shapeProblems(server: FastifyInstance, prefix: string, shape: ProblemShape): void {
  const all = shapes.get(server) ?? new Map<string, ProblemShape>();
  shapes.set(server, all.set(prefix, shape));
}

/** Nothing: the answer is a problem document. */
export function shapeOf({ server, url }: FastifyRequest): ProblemShape | undefined {
  const all = shapes.get(server);
  if (!all) return undefined;
  const path = url.split('?', 1)[0] ?? '';
  for (const [prefix, shape] of all) {
    if (path === prefix || path.startsWith(`${prefix}/`)) return shape;
  }
  return undefined;
}
