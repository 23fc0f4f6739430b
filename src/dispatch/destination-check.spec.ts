import { expect, it } from 'vitest';
import { taskOf, urlOf } from '../../test/support/task-of.js';
import type { DestinationRules } from '../clients/destination-rules.js';
import { classify } from './classify.js';
import { DestinationCheck } from './destination-check.js';
import { settle } from './settle.js';

const checking = (refusal: DestinationRules['refusal']) =>
  new DestinationCheck({ refusal } as DestinationRules).replyInstead('client-a', urlOf(taskOf(0)));
const circumstances = { now: 0, maxMs: 0, random: 0 };

it('what its client may call is called', async () => {
  expect(await checking(() => undefined)).toBeUndefined();
});

it('what it may not is not sent, and not tried again', async () => {
  const reply = (await checking(() => 'is denied to this client'))!;
  expect(reply).toMatchObject({ stage: 'not_sent', code: 'destination_refused', permanent: true });
  expect(reply.message).toBe('The host target.example is denied to this client (its destinations)');
  const settlement = settle(classify(reply, circumstances), { task: taskOf(0), attempt: 1 }, circumstances);
  expect(settlement).toEqual({ kind: 'dead_letter', reason: 'permanent_failure' });
});

it('when nobody can say, the task is handed back, and no attempt is used', async () => {
  const reply = (await checking(() => Promise.reject(new Error('Connection is closed.'))))!;
  const settlement = settle(classify(reply, circumstances), { task: taskOf(0), attempt: 1 }, circumstances);
  expect(settlement).toEqual({ kind: 'hand_back' });
});
