/** Series of one metric with labels, and its values, one a minute, in the notation of promtool: `up{job="a"} 1x60`. */
export type SeriesLine = string;

/** When an alert fires, and when it must not. */
export interface AlertCase {
  readonly alert: string;
  readonly fires: readonly SeriesLine[];
  /** After how many minutes it is looked at; 30 unless told. */
  readonly atMinute?: number;
  /** Of the alert, besides its name and severity. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Its description. */
  readonly says: string;
  /** It tells of no namespace, wherever it is. */
  readonly isOfNoNamespace?: boolean;
  /** By what is different. */
  readonly quiet: Readonly<Record<string, readonly SeriesLine[]>>;
}

/** A process as Prometheus labels what it reads from it. */
export const AT = 'instance="10.0.0.7:8082",job="worker"';
export const AT_LABELS = { instance: '10.0.0.7:8082', job: 'worker' };
export const BUILD = `taskqueue_build_info{${AT},mode="worker"} 1x120`;
