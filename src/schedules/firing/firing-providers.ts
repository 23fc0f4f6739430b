import { ClientDirectory } from '../../clients/client-directory.js';
import { ClientStore } from '../../clients/client-store.js';
import { TierStore } from '../../clients/tier-store.js';
import { GateStore } from '../../queue/gates/gate-store.js';
import { QueueRegistry, RedisQueueRegistry } from '../../queue/queues/queue-registry.js';
import { TypeMappings } from '../../type-mappings/type-mappings.js';
import { ScheduleSecrets } from '../schedule-secrets.js';
import { ScheduleStore } from '../schedule-store.js';
import { Claims } from './claims.js';
import { OccurrenceMaker } from './occurrence-maker.js';
import { Occurrences } from './occurrences.js';
import { Scheduler } from './scheduler.js';
import { SchedulerWatch } from './scheduler-watch.js';
import { OccurrenceSources, OccurrenceSurroundings } from './surroundings.js';

/** Worker half: firing. `OwnTasks` and the clock come from whoever provides it. */
export const firingProviders = [
  ...[TypeMappings, ClientDirectory, ClientStore, TierStore, GateStore, ScheduleSecrets, ScheduleStore],
  ...[
    Claims,
    OccurrenceMaker,
    OccurrenceSources,
    Occurrences,
    OccurrenceSurroundings,
    Scheduler,
    SchedulerWatch,
  ],
  { provide: QueueRegistry, useClass: RedisQueueRegistry },
];
