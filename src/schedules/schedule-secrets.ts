import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import { TextCipher } from '../queue/text-cipher.js';
import type { Asked } from './read-schedule.js';

/** What a schedule calls, as it is stored: encrypted where tasks are. */
@Injectable()
export class ScheduleSecrets {
  private readonly cipher: TextCipher;

  constructor(config: Config) {
    this.cipher = new TextCipher(config);
  }

  /** @param key the id of the schedule: what is sealed for one cannot be moved to another */
  seal(request: Asked, key: string): string {
    const text = JSON.stringify(request);
    return this.cipher.seal(text, `schedule:${key}`) ?? text;
  }

  /** Nothing when no key at hand opens it. */
  open(stored: string, key: string): Asked | undefined {
    const text = stored.startsWith('{') ? stored : this.cipher.open(stored, `schedule:${key}`);
    return text === undefined ? undefined : (JSON.parse(text) as Asked);
  }
}
