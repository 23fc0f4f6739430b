import type { FastifyInstance, FastifyRequest } from 'fastify';
import { faultText, type ProblemError } from './problem.js';

/** A problem in the words of another system. */
export interface ShapedProblem {
  readonly status: number;
  readonly body: object;
}

/** So many faults are told by a shape that has one text for all of them. */
const MOST_FAULTS = 5;

/**
 * What is wrong, for a shape that has no list of the fields at fault: it names the first of them itself.
 *
 * @param wordFor a pointer in the words of the other system
 */
export function faultsText(
  { init: { detail: summary, errors = [] } }: ProblemError,
  wordFor: (pointer: string) => string = (pointer) => pointer,
): string {
  if (errors.length === 0) return summary;
  const told = errors
    .slice(0, MOST_FAULTS)
    .map(({ pointer, detail }) => faultText({ pointer: wordFor(pointer), detail }));
  const more = errors.length - told.length;
  return told.join('; ') + (more > 0 ? `; and ${more} more` : '');
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
