/** As much of JSON Schema (draft 2020-12) as payloads need. */
export interface PayloadSchema {
  readonly type?: 'object' | 'string' | 'number' | 'integer' | 'boolean' | 'array';
  readonly properties?: Readonly<Record<string, PayloadSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | PayloadSchema;
  readonly items?: PayloadSchema;
  readonly anyOf?: readonly PayloadSchema[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  /** For people: what the text has to be, where `pattern` does not say it. */
  readonly description?: string;
}
