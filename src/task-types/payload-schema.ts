type TypeName = 'object' | 'string' | 'number' | 'integer' | 'boolean' | 'array' | 'null';

/**
 * What a payload has to be: JSON Schema, draft 2020-12, of which this is what the rules of a type may use. There is no `$ref`, so
 * that checking costs no more than the rules times the values there are.
 */
export interface PayloadSchema {
  readonly type?: TypeName | readonly TypeName[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, PayloadSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | PayloadSchema;
  readonly propertyNames?: boolean | PayloadSchema;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly dependentRequired?: Readonly<Record<string, readonly string[]>>;
  readonly items?: boolean | PayloadSchema;
  readonly prefixItems?: readonly PayloadSchema[];
  readonly contains?: PayloadSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly anyOf?: readonly PayloadSchema[];
  readonly oneOf?: readonly PayloadSchema[];
  readonly allOf?: readonly PayloadSchema[];
  readonly not?: PayloadSchema;
  readonly if?: PayloadSchema;
  readonly then?: PayloadSchema;
  readonly else?: PayloadSchema;
  /** A regular expression that takes no longer for a longer text than by its length. */
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly multipleOf?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly title?: string;
  /** For people: what the value has to be, where the rules do not say it. */
  readonly description?: string;
}
