import { expect, it } from 'vitest';
import { changeView } from './change-view.js';

const AT = Date.UTC(2026, 10, 22, 5, 31, 27, 613);
const TIME = '2026-11-22T05:31:27.613Z';

it('shows a change with the names, times and durations of the API', () => {
  expect(
    changeView({
      maxAlive: 5,
      registeredBy: 'admin',
      createdAt: AT,
      overrides: { requestsPerMinute: 7 },
      keys: [{ id: 'k1', shown: 'tr_live_3Kd9', createdAt: AT, expiresAt: AT }],
      destinations: { allow: ['Ab.example'], deny: [] },
      paused: { since: AT, until: AT, reason: 'createdAt' },
      retry: { minBackoffMs: 1500, delaysMs: [1000, 2500], permanentStatuses: [400], jitter: 0.1 },
      held: null,
    }),
  ).toEqual({
    max_alive: 5,
    registered_by: 'admin',
    created_at: TIME,
    overrides: { requests_per_minute: 7 },
    keys: [{ key_id: 'k1', prefix: 'tr_live_3Kd9', created_at: TIME, expires_at: TIME }],
    destinations: { allow: ['Ab.example'], deny: [] },
    paused: { since: TIME, until: TIME, reason: 'createdAt' },
    retry: { min_backoff: 1.5, delays: [1, 2.5], permanent_statuses: [400], jitter: 0.1 },
    held: null,
  });
});

it('leaves what is shown so already as it is', () => {
  const shown = { state: 'open', opened_at: TIME, until: TIME, max_per_second: 3, left_out: 'more' };
  expect(changeView(shown)).toEqual(shown);
});
