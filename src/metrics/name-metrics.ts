import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import type { Attempt } from '../task/attempt.js';
import type { Task } from '../task/task.js';
import { counter, type MetricDefinition } from './metric.js';
import { Names } from './names.js';

const FIRST = 'the first METRICS_MAX_NAMES of this process; other';
const CLASSES = 'succeeded, rejected, ambiguous, not_sent, interrupted';

const submitted: MetricDefinition = {
  name: 'taskqueue_client_tasks_submitted_total',
  type: 'counter',
  help: 'Tasks stored, by client.',
  role: 'both',
  labels: { client: FIRST },
};
const refused: MetricDefinition = {
  name: 'taskqueue_client_tasks_refused_total',
  type: 'counter',
  help: 'Tasks not stored, by client.',
  role: 'both',
  labels: { client: FIRST },
};
const byClient: MetricDefinition = {
  name: 'taskqueue_client_attempts_total',
  type: 'counter',
  help: 'Attempts, by client and what they came to.',
  role: 'worker',
  labels: { client: FIRST, class: CLASSES },
};
const byHost: MetricDefinition = {
  name: 'taskqueue_host_attempts_total',
  type: 'counter',
  help: 'Attempts, by the host they called and what they came to.',
  role: 'worker',
  labels: { host: `${FIRST}; none, of typed tasks that call nothing`, class: CLASSES },
};
const hostSeconds: MetricDefinition = {
  name: 'taskqueue_host_attempt_seconds_total',
  type: 'counter',
  help: 'Time that attempts took, by the host they called; divided by their number it is the mean.',
  role: 'worker',
  labels: { host: `${FIRST}; none, of typed tasks that call nothing` },
};

export const submitterMetrics = [submitted, refused];
export const attemptNameMetrics = [byClient, byHost, hostSeconds];

/** Who enqueues. */
@Injectable()
export class SubmitterMetrics {
  private readonly stored = counter(submitted);
  private readonly refusals = counter(refused);
  private readonly clients: Names;

  constructor({ metrics }: Config) {
    this.clients = new Names(metrics.maxNames);
  }

  submitted(client: string): void {
    this.stored.inc({ client: this.clients.labelFor(client) });
  }

  refused(client: string): void {
    this.refusals.inc({ client: this.clients.labelFor(client) });
  }
}

/** Whose tasks are tried, and whom they call. */
@Injectable()
export class AttemptNameMetrics {
  private readonly attemptsOfClients = counter(byClient);
  private readonly attemptsAtHosts = counter(byHost);
  private readonly secondsAtHosts = counter(hostSeconds);
  private readonly clients: Names;
  private readonly hosts: Names;

  constructor({ metrics }: Config) {
    this.clients = new Names(metrics.maxNames);
    this.hosts = new Names(metrics.maxNames);
  }

  /** @param calledHost as it is at its gate */
  attempted({ clientId }: Task, calledHost: string, { class: outcome, timings }: Attempt): void {
    const host = this.hosts.labelFor(calledHost);
    this.attemptsOfClients.inc({ client: this.clients.labelFor(clientId), class: outcome });
    this.attemptsAtHosts.inc({ host, class: outcome });
    this.secondsAtHosts.inc({ host }, timings.totalMs / 1000);
  }
}
