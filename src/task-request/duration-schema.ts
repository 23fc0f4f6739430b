const FORMS = [
  { type: 'number', minimum: 0 },
  { type: 'string', pattern: '^\\d+(\\.\\d+)?(ms|s|m|h)$' },
];

/** A duration as `parseDuration` reads it, for the description of the API. */
export const DURATION = { oneOf: FORMS };

export const OPTIONAL_DURATION = { oneOf: [...FORMS, { type: 'null' }], required: false };
