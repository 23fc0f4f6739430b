import { ECHO } from '../../task-types/task-types.js';
import { Handles, type TaskTypeHandler } from './task-type-handler.js';

@Handles(ECHO)
export class EchoHandler implements TaskTypeHandler {
  run(payload: unknown): object {
    return { echoed: payload };
  }
}
