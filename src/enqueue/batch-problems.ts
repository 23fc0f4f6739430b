import { type FieldError, invalidRequest, ProblemError, type ProblemInit } from '../http/problem.js';
import { type AddResult, isAccepted } from '../queue/admission/admission.js';
import { refusalProblem } from './refusal-problem.js';

/** A problem of one task, with pointers into the body of the whole batch. */
export function inBatch(problem: ProblemError, place: number): ProblemError {
  const { errors = [], ...init } = problem.init;
  const [first] = errors;
  if (!first) return problem;
  const placed = errors.map(({ pointer, detail }) => ({ pointer: pointerTo(place) + pointer, detail }));
  // Of what is invalid the text begins with the place, too.
  const named = `${first.pointer || 'The body'} `;
  const detail = init.detail.startsWith(named)
    ? `${pointerTo(place)}${first.pointer} ${init.detail.slice(named.length)}`
    : init.detail;
  return new ProblemError({ ...init, detail, errors: placed });
}

/** Why a batch that is all or none was refused: the first of its tasks that something speaks against. */
export function refusalInBatch(results: readonly AddResult[]): ProblemError {
  const place = results.findIndex((result) => !isAccepted(result) && result.kind !== 'skipped');
  const refusal = results[place];
  if (!refusal || isAccepted(refusal)) throw new Error('no task of the batch was refused');
  return nothingStored(refusalProblem(refusal), place);
}

/** The same by the problem of one of them. */
export function nothingStored(problem: ProblemInit, place: number): ProblemError {
  const errors: FieldError[] = [{ pointer: pointerTo(place), detail: problem.detail }];
  return new ProblemError({ ...problem, detail: `None of the tasks was stored. ${problem.detail}`, errors });
}

/**
 * Everything that is wrong with the tasks of a batch.
 *
 * @param problems of each task, in order, or nothing
 */
export function faultsInBatch(problems: readonly (ProblemError | undefined)[]): ProblemError {
  const placed = problems.flatMap((problem, place) => (problem ? [inBatch(problem, place)] : []));
  const other = placed.find(({ init }) => init.code !== 'invalid_request');
  return other ?? invalidRequest(placed.flatMap(({ init }) => init.errors ?? []));
}

function pointerTo(place: number): string {
  return `/tasks/${place}`;
}
