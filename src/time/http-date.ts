import { parseTime } from './rfc3339.js';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const MONTH = `(?<month>${MONTHS.join('|')})`;
const TIME = '(?<time>\\d{2}:\\d{2}:\\d{2})';

/** The form that is in use, and the two older ones that RFC 9110 tells recipients to read. */
const FORMS = [
  `(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (?<day>\\d{2}) ${MONTH} (?<year>\\d{4}) ${TIME} GMT`,
  `(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (?<day>\\d{2})-${MONTH}-(?<year>\\d{2}) ${TIME} GMT`,
  `(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ${MONTH} (?<day>\\d{2}| \\d) ${TIME} (?<year>\\d{4})`,
].map((form) => new RegExp(`^${form}$`));

/**
 * A date as HTTP writes it (RFC 9110, 5.6.7), as Unix milliseconds; nothing for any other text or an impossible date.
 *
 * @param now Unix milliseconds; tells the century of a year with two digits
 */
export function parseHttpDate(text: string, now: number): number | undefined {
  const parts = FORMS.map((form) => form.exec(text)?.groups).find((groups) => groups !== undefined);
  if (!parts) return undefined;
  const { year = '', month = '', day = '', time = '' } = parts;
  const monthNumber = String(MONTHS.indexOf(month) + 1).padStart(2, '0');
  return parseTime(`${fullYear(year, now)}-${monthNumber}-${day.replace(' ', '0')}T${time}Z`);
}

/** Two digits are of this century, unless that is more than 50 years ahead. */
function fullYear(year: string, now: number): string {
  if (year.length === 4) return year;
  const thisYear = new Date(now).getUTCFullYear();
  const full = thisYear - (thisYear % 100) + Number(year);
  return String(full > thisYear + 50 ? full - 100 : full);
}
