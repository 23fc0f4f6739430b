import { expect, it } from 'vitest';
import { stored, type StoredEvent } from './event.js';
import { type Farewell, Listener, type ListenerSink } from './listener.js';

const event = (ms: number): StoredEvent =>
  stored(`${ms}-0`, { kind: 'task.started', clientId: 'me', queue: 'low' }, '{}');

function sinkInto(sent: string[]): ListenerSink {
  return {
    write: (events) => {
      sent.push(...events.map(({ id }) => id));
      return true;
    },
    onDrain: () => undefined,
    ready: (id) => sent.push(`ready ${id}`),
    end: (why: Farewell) => sent.push(why),
  };
}

it('a listener is told nothing twice, though what it missed and what happens now overlap', async () => {
  const sent: string[] = [];
  const subscription = {
    audience: { kind: 'all' },
    filter: {},
    lastEventId: '2-0',
    mayStay: () => Promise.resolve(true),
  };
  const listener = new Listener(
    sinkInto(sent),
    subscription as ConstructorParameters<typeof Listener>[1],
    1e6,
  );
  await listener.catchUp([event(3), event(4), event(5)]);
  listener.beginLive('4-0');
  listener.hear([event(4), event(5), event(6)]);
  listener.end('too_slow');
  listener.end('shutting_down');
  listener.hear([event(7)]);
  expect(sent).toEqual(['3-0', '4-0', '5-0', 'ready 5-0', '6-0', 'too_slow']);
});
