import { describe, expect, it } from 'vitest';
import { etagOf, Precondition } from './etag.js';
import { ProblemError } from './problem.js';

const view = { name: 'a', limit: 1 };
const changed = { name: 'a', limit: 2 };

describe('If-None-Match', () => {
  const ask = (unwanted: string, ...shown: Parameters<Precondition['require']>) => {
    new Precondition(undefined, unwanted).require(...shown);
  };

  it('* lets only be created what nobody has set', () => {
    expect(() => {
      ask('*', undefined);
      ask('*', view, false);
    }).not.toThrow();
    expect(() => {
      ask('*', view);
    }).toThrow('there already');
  });

  it('with a tag refuses the change of what has it', () => {
    expect(() => {
      ask(etagOf(changed), view);
    }).not.toThrow();
    expect(() => {
      ask(`"other", ${etagOf(view)}`, view);
    }).toThrow('there already');
  });

  it('and If-Match both have to hold', () => {
    expect(() => {
      new Precondition(etagOf(view), '*').require(view);
    }).toThrow('there already');
  });
});

describe('If-Match', () => {
  it('is a strong tag of what is shown', () => {
    expect(etagOf(view)).toMatch(/^"[\w-]{22}"$/);
    expect(etagOf({ ...view })).toBe(etagOf(view));
    expect(etagOf(changed)).not.toBe(etagOf(view));
  });

  it.each([
    [undefined, undefined],
    [undefined, view],
    ['*', view],
    [etagOf(view), view],
    [`"other", ${etagOf(view)}`, view],
  ])('%s lets the change be made', (wanted, shown) => {
    expect(() => {
      new Precondition(wanted).require(shown);
    }).not.toThrow();
  });

  it.each([
    ['*', undefined],
    [etagOf(view), undefined],
    [etagOf(view), changed],
    [`W/${etagOf(view)}`, view],
    ['', view],
  ])('%s refuses it', (wanted, shown) => {
    let problem: unknown;
    try {
      new Precondition(wanted).require(shown);
    } catch (error) {
      problem = error;
    }
    expect((problem as ProblemError).init).toMatchObject({ status: 412, code: 'precondition_failed' });
  });
});
