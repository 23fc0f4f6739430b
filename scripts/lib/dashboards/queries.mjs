/** Classes of attempts that have failed; one that was cut off has not. */
export const FAILED = 'class=~"rejected|ambiguous|not_sent"';

/** Half of all and nearly all, of a histogram. @param {string} buckets name and labels of its `_bucket` */
export function quantiles(buckets) {
  const of = (share) => `histogram_quantile(${share}, sum by (le) (rate(${buckets}[$__rate_interval])))`;
  return { '50 %': of(0.5), '95 %': of(0.95), '99 %': of(0.99) };
}
