import { type Attributes, type Span, SpanStatusCode } from '@opentelemetry/api';
import { type Task, typeOf } from '../task/task.js';

/** Names of the semantic conventions for messaging. */
export const MESSAGING = {
  operationType: 'messaging.operation.type',
  operationName: 'messaging.operation.name',
} as const;

/** Which task of which queue. */
export function destinationOf(task: Task): Attributes {
  return {
    'messaging.system': 'task_runner',
    'messaging.destination.name': task.queue,
    'messaging.message.id': task.id,
    'task_runner.client.id': task.clientId,
    'task_runner.lane': task.lane,
    'task_runner.type': typeOf(task),
  };
}

/** @param url absolute */
export function serverOf(url: string): Attributes {
  if (!URL.canParse(url)) return {};
  const { hostname, port, protocol } = new URL(url);
  const usual = protocol === 'https:' ? 443 : 80;
  return { 'server.address': hostname, 'server.port': port === '' ? usual : Number(port) };
}

/** @param type one of few: a status or a code, never what somebody has written */
export function failed(span: Span, type: string): void {
  span.setAttribute('error.type', type);
  span.setStatus({ code: SpanStatusCode.ERROR });
}
