import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { TASK_TYPES } from '../../task-types/task-types.js';
import { Handles, type TaskTypeHandler } from './task-type-handler.js';

/** The handlers that this worker has, by the type of task. */
@Injectable()
export class HandlerRegistry implements OnModuleInit {
  private readonly handlers = new Map<string, TaskTypeHandler>();

  constructor(private readonly discovery: DiscoveryService) {}

  /** @throws Error for what would only show with the first task of that type */
  onModuleInit(): void {
    for (const wrapper of this.discovery.getProviders({ metadataKey: Handles.KEY })) {
      const type = this.discovery.getMetadataByDecorator(Handles, wrapper);
      if (type) this.add(type.name, wrapper.instance as TaskTypeHandler);
    }
  }

  /** Nothing when this worker does not have one: another version of it may. */
  find(type: string): TaskTypeHandler | undefined {
    return this.handlers.get(type);
  }

  get types(): readonly string[] {
    return [...this.handlers.keys()];
  }

  private add(type: string, handler: TaskTypeHandler): void {
    if (!TASK_TYPES.has(type)) throw new Error(`a handler for type ${type}, which is not in TASK_TYPES`);
    if (this.handlers.has(type)) throw new Error(`two handlers for type ${type}`);
    this.handlers.set(type, handler);
  }
}
