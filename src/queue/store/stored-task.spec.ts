import { expect, it } from 'vitest';
import { taskOf } from '../../../test/support/task-of.js';
import { gatesOf } from './stored-task.js';

function hostGate(url: string): string | undefined {
  return gatesOf(taskOf(0, { target: { url, method: 'POST', headers: [] } }))
    .split('\n')
    .at(-1);
}

it.each([
  ['http://Example.com/a', 'h:http://example.com'],
  ['http://example.com./a', 'h:http://example.com'],
  ['http://example.com.:8080/a', 'h:http://example.com:8080'],
  ['https://[2606:4700::1111]/', 'h:https://[2606:4700::1111]'],
])('the host of %s is at the gate %s', (url, gate) => {
  expect(hostGate(url)).toBe(gate);
});
