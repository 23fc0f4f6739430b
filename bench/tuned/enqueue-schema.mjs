const text = (more) => ({ type: 'string', ...more });

/** The request of `POST /v1/enqueue`, as far as the comparison needs it, for Fastify's compiled validation. */
export const enqueueSchema = {
  body: {
    type: 'object',
    required: ['client_id', 'task'],
    additionalProperties: false,
    properties: {
      client_id: text({ pattern: '^[A-Za-z0-9_-]{3,64}$' }),
      queue: text({ maxLength: 64 }),
      delay: { type: 'number', minimum: 0 },
      max_retries: { type: 'integer', minimum: 0, maximum: 1000 },
      timeout: { type: 'number', minimum: 0.001 },
      task: {
        type: 'object',
        required: ['url'],
        additionalProperties: false,
        properties: {
          url: text({ maxLength: 8192, pattern: '^https?://' }),
          method: { enum: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'] },
          headers: { type: 'object', additionalProperties: text() },
          body: text(),
        },
      },
    },
  },
  response: {
    202: {
      type: 'object',
      properties: { status: text(), task_id: text(), queue: text(), client_id: text() },
    },
  },
};
