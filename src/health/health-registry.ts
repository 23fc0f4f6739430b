import { Injectable, Logger } from '@nestjs/common';

/** What a component says of itself. `detail` are figures for people; nothing secret. */
export interface ComponentHealth {
  readonly up: boolean;
  readonly detail?: Readonly<Record<string, string | number | boolean>>;
}

/** A component of the process. */
export interface HealthProbe {
  readonly name: string;
  /** It tells its figures to people, and the process is ready without it. */
  readonly informs?: true;
  /** Must answer quickly and may reject: a rejection counts as down. */
  check(): Promise<ComponentHealth> | ComponentHealth;
}

/** Every capability registers its own probe; the health routes ask them all. */
@Injectable()
export class HealthRegistry {
  private readonly probes = new Map<string, HealthProbe>();
  private readonly logger = new Logger('Health');
  private readonly lastFaults = new Map<string, string>();
  private stopping = false;

  register(probe: HealthProbe): void {
    this.probes.set(probe.name, probe);
  }

  /** From here on the process is not ready, whatever its components say. */
  beginShutdown(): void {
    this.stopping = true;
  }

  get isStopping(): boolean {
    return this.stopping;
  }

  /** Those that the process needs in order to be ready. */
  checkNeeded(): Promise<ReadonlyMap<string, ComponentHealth>> {
    return this.askAll([...this.probes.values()].filter(({ informs }) => !informs));
  }

  checkAll(): Promise<ReadonlyMap<string, ComponentHealth>> {
    return this.askAll([...this.probes.values()]);
  }

  private async askAll(probes: readonly HealthProbe[]): Promise<ReadonlyMap<string, ComponentHealth>> {
    const checked = probes.map(async (probe) => [probe.name, await this.ask(probe)] as const);
    return new Map(await Promise.all(checked));
  }

  async check(name: string): Promise<ComponentHealth> {
    const probe = this.probes.get(name);
    return probe ? this.ask(probe) : { up: false };
  }

  /** Anybody may ask the health routes: what a component says of its fault, addresses and users, is for the log. */
  private async ask(probe: HealthProbe): Promise<ComponentHealth> {
    try {
      const health = await probe.check();
      this.lastFaults.delete(probe.name);
      return health;
    } catch (error) {
      this.tell(probe.name, error instanceof Error ? error.message : String(error));
      return { up: false, detail: { error: 'does not answer as it should; the log says why' } };
    }
  }

  private tell(name: string, fault: string): void {
    if (this.lastFaults.get(name) === fault) return;
    this.lastFaults.set(name, fault);
    this.logger.warn(`${name} is down: ${fault}`);
  }
}
