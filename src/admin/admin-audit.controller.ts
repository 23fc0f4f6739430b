import { Get, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse } from '@nestjs/swagger';
import { Faults } from '../task-request/faults.js';
import { readTime } from '../task-request/read-times.js';
import { ApiProblem } from '../http/api-problem.js';
import { readPageLimit } from '../http/page-limit.js';
import { invalidRequest } from '../http/problem.js';
import { formatTime } from '../time/rfc3339.js';
import { AdminController } from './admin-api.js';
import { type AuditEntryView, AuditList, ListAuditQuery } from './admin-audit.dto.js';
import { AuditLog, type LoggedChange } from './audit-log.js';
import { changeView } from './change-view.js';
import { readHost } from '../circuit-breaker/host-name.js';
import { queueName } from '../queue/queues/queue-settings.js';

@AdminController('audit')
export class AdminAuditController {
  constructor(private readonly log: AuditLog) {}

  @Get()
  @ApiOperation({
    operationId: 'listAudit',
    summary: 'What admins have changed',
    description: 'Newest first. The log keeps about AUDIT_MAX_ENTRIES changes.',
  })
  @ApiResponse({ status: 200, type: AuditList })
  @ApiProblem(400, 'The query breaks a rule; `errors` names each field.')
  async list(@Query() query: ListAuditQuery): Promise<AuditList> {
    const faults = new Faults();
    const after = readTime(query.made_after, '/made_after', faults);
    const before = readTime(query.made_before, '/made_before', faults);
    if (faults.list.length > 0) throw invalidRequest(faults.list);
    const { action, target, limit, cursor } = query;
    const filter = { action, target: target === undefined ? undefined : targetNamed(target), after, before };
    const { changes, next } = await this.log.page(readPageLimit(limit), filter, cursor);
    return { entries: changes.map(entryView), next_cursor: next ?? null };
  }
}

/** A target as the log has it, whichever of its names somebody uses. */
function targetNamed(text: string): string {
  const [, kind, name = ''] = /^(\w+):(.*)$/.exec(text) ?? [];
  if (kind === 'host') return `host:${readHost(name) ?? name}`;
  return kind === 'queue' ? `queue:${queueName(name) ?? name}` : text;
}

function entryView({ at, action, target, by, before, after }: LoggedChange): AuditEntryView {
  return {
    at: formatTime(at),
    action,
    target,
    by: { key: by.key ?? null, address: by.address },
    request_id: by.requestId,
    ...(before && { before: changeView(before) }),
    ...(after && { after: changeView(after) }),
  };
}
