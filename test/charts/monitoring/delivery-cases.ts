import type { AlertCase } from './alert-case.js';
import { AT, AT_LABELS } from './alert-case.js';

const oldest = (lane: string, values: string) =>
  `taskqueue_queue_oldest_seconds{priority="${lane}"} ${values}`;
const attempts = (outcome: string, values: string) =>
  `taskqueue_attempts_total{class="${outcome}"} ${values}`;
const HELD = ['taskqueue_deferred_tasks{gate="queue"} 5000x60', oldest('default', '0x60')];

export const DELIVERY_CASES: readonly AlertCase[] = [
  {
    alert: 'TaskRunnerNoWorkers',
    fires: ['taskqueue_runnable_tasks 5x60', 'taskqueue_active_workers 0x60'],
    says: '5 tasks could run now, and no worker process is there to run them.',
    quiet: {
      'nothing is to be done': ['taskqueue_runnable_tasks 0x60', 'taskqueue_active_workers 0x60'],
      'what waits is held': [...HELD, 'taskqueue_runnable_tasks 0x60', 'taskqueue_active_workers 0x60'],
      'there is one': ['taskqueue_runnable_tasks 5x60', 'taskqueue_active_workers 1x60'],
      'one is being started': ['taskqueue_runnable_tasks 0x28 5x30', 'taskqueue_active_workers 0x60'],
    },
  },
  {
    alert: 'TaskRunnerWorkersPaused',
    fires: [
      'taskqueue_runnable_tasks 5x60',
      'taskqueue_workers{state="running"} 0x60',
      'taskqueue_active_workers 2x60',
    ],
    says: '5 tasks could run now. Workers are there, and none of them takes tasks.',
    quiet: {
      'one takes tasks': [
        'taskqueue_runnable_tasks 5x60',
        'taskqueue_workers{state="running"} 1x60',
        'taskqueue_active_workers 2x60',
      ],
      'there are none': [
        'taskqueue_runnable_tasks 5x60',
        'taskqueue_workers{state="running"} 0x60',
        'taskqueue_active_workers 0x60',
      ],
      'nothing is to be done': [
        'taskqueue_runnable_tasks 0x60',
        'taskqueue_workers{state="running"} 0x60',
        'taskqueue_active_workers 2x60',
      ],
    },
  },
  {
    alert: 'TaskRunnerWorkersStuck',
    fires: [
      oldest('default', '60+60x60'),
      'taskqueue_worker_slots{state="free"} 10x60',
      attempts('succeeded', '100x60'),
    ],
    says: 'A task that nothing holds has waited for 31m 0s, slots are free, and no attempt has ended in five minutes.',
    quiet: {
      'attempts go on': [
        oldest('default', '60+60x60'),
        'taskqueue_worker_slots{state="free"} 10x60',
        attempts('succeeded', '0+1x60'),
      ],
      'all slots are busy': [oldest('default', '60+60x60'), 'taskqueue_worker_slots{state="free"} 0x60'],
      'what waits is held': [...HELD, 'taskqueue_worker_slots{state="free"} 10x60'],
    },
  },
  {
    alert: 'TaskRunnerTooFewWorkers',
    fires: [
      'taskqueue_desired_workers 5x60',
      'taskqueue_workers{state="running"} 2x60',
      oldest('default', '120x60'),
    ],
    says: '3 more workers are wanted than take tasks, and tasks wait for longer than a minute.',
    quiet: {
      'there are enough': [
        'taskqueue_desired_workers 2x60',
        'taskqueue_workers{state="running"} 2x60',
        oldest('default', '120x60'),
      ],
      'nothing waits for long': [
        'taskqueue_desired_workers 5x60',
        'taskqueue_workers{state="running"} 2x60',
        oldest('default', '3x60'),
      ],
    },
  },
  {
    alert: 'TaskRunnerUrgentTasksLate',
    fires: [oldest('critical', '90x60')],
    says: 'One that nothing holds has waited for 1m 30s.',
    quiet: {
      'it is another lane': [oldest('low', '90x60')],
      'it is a moment': [oldest('critical', '30x60')],
      'what waits is held': [...HELD, oldest('critical', '0x60')],
    },
  },
  {
    alert: 'TaskRunnerTasksLate',
    fires: [oldest('low', '400x60'), oldest('default', '5x60')],
    labels: { priority: 'low' },
    says: 'In the lane low a task that nothing holds has waited for 6m 40s.',
    quiet: {
      'they wait for less': [oldest('low', '200x60')],
      'what waits is held': HELD,
      'it has just begun': [oldest('low', '0x26 400x30')],
    },
  },
  {
    alert: 'TaskRunnerTasksVeryLate',
    fires: [oldest('default', '2000x60')],
    labels: { priority: 'default' },
    says: 'In the lane default a task that nothing holds has waited for 33m 20s.',
    quiet: {
      'it is the lane low': [oldest('low', '2000x60')],
      'they wait for less': [oldest('default', '1000x60')],
    },
  },
  {
    alert: 'TaskRunnerAttemptsFail',
    fires: [attempts('succeeded', '0+6x60'), attempts('rejected', '0+3x60'), attempts('not_sent', '0+3x60')],
    says: '50% of the attempts of ten minutes have failed.',
    quiet: {
      'few of many fail': [attempts('succeeded', '0+9x60'), attempts('rejected', '0+1x60')],
      'there are hardly any': [attempts('rejected', '0+1x60')],
      'workers end': [attempts('succeeded', '0+3x60'), attempts('interrupted', '0+9x60')],
      'nothing is tried': [attempts('succeeded', '50x60'), attempts('rejected', '50x60')],
    },
  },
  {
    alert: 'TaskRunnerNothingDelivered',
    fires: [attempts('succeeded', '0+1x60'), attempts('not_sent', '0+19x60')],
    says: '95% of the attempts of ten minutes have failed.',
    quiet: {
      'half of them are well': [attempts('succeeded', '0+9x60'), attempts('not_sent', '0+9x60')],
      'there are hardly any': [attempts('ambiguous', '0+1x60')],
    },
  },
  {
    alert: 'TaskRunnerDeadLettersGrow',
    fires: ['taskqueue_dlq_added_total 0+1x60'],
    atMinute: 40,
    says: '30 tasks have become dead letters within half an hour.',
    quiet: {
      'they are old': ['taskqueue_dlq_added_total 500x60'],
      'they are few': ['taskqueue_dlq_added_total 0x20 5x40'],
    },
  },
  {
    alert: 'TaskRunnerCircuitOpen',
    fires: [
      'taskqueue_circuits{state="open"} 2x60',
      'taskqueue_host_deferred_tasks{host="https://a.example.com",state="open"} 7x60',
      'taskqueue_host_deferred_tasks{host="https://b.example.com",state="closed"} 9x60',
    ],
    says: 'The circuits of 2 hosts are open, and their tasks wait. https://a.example.com holds 7.',
    quiet: {
      'they are being tried': [
        'taskqueue_circuits{state="open"} 0x60',
        'taskqueue_circuits{state="half_open"} 2x60',
      ],
      'it is over soon': ['taskqueue_circuits{state="open"} 0x20 1x5 0x30'],
    },
  },
  {
    alert: 'TaskRunnerManyHosts',
    fires: ['taskqueue_circuit_hosts_remembered 95000x60'],
    says: '95000 hosts are remembered; 100,000 is the most.',
    quiet: { 'there is room': ['taskqueue_circuit_hosts_remembered 50000x60'] },
  },
  {
    alert: 'TaskRunnerWorkersDie',
    fires: ['taskqueue_orphan_claims_total 0+1x60'],
    atMinute: 40,
    says: '30 tasks of lost workers were put back within half an hour.',
    quiet: { 'one was killed': ['taskqueue_orphan_claims_total 0x20 3x40'] },
  },
  {
    alert: 'TaskRunnerSchedulesOverdue',
    fires: ['taskqueue_schedules_overdue 3x60'],
    says: '3 schedules should have fired more than a minute ago, and no worker has seen to them.',
    quiet: { 'all were seen to': ['taskqueue_schedules_overdue 0x60'] },
  },
  {
    alert: 'TaskRunnerSchedulerStalled',
    fires: [`taskqueue_scheduler_silence_seconds{${AT},loop="claims"} 90x60`],
    labels: { ...AT_LABELS, loop: 'claims' },
    says: 'The loop claims of 10.0.0.7:8082 has completed no round for 1m 30s.',
    quiet: { 'it goes round': [`taskqueue_scheduler_silence_seconds{${AT},loop="claims"} 0.3x60`] },
  },
  {
    alert: 'TaskRunnerOccurrencesSkipped',
    fires: ['taskqueue_schedule_skipped_total{reason="missed"} 0+1x90'],
    atMinute: 70,
    labels: { reason: 'missed' },
    says: '60 within the hour, because of missed.',
    quiet: {
      'that is their overlap': ['taskqueue_schedule_skipped_total{reason="overlap"} 0+1x90'],
      'it was long ago': ['taskqueue_schedule_skipped_total{reason="missed"} 4x90'],
    },
  },
];
