import type { Type } from '@nestjs/common';
import { getMetadataStorage, IS_OPTIONAL, type ValidationArguments } from 'class-validator';
import { fieldsOf, isPlainObject, nestedDto } from './instantiate.js';

type Metadata = ReturnType<ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']>[number];
type Validator = (value: unknown, args: ValidationArguments) => unknown;

interface Rule {
  readonly validate: Validator;
  readonly constraints: unknown[];
}

interface Field {
  readonly name: string;
  /** Its rules do not count while it is absent or null. */
  readonly isOptional: boolean;
  readonly rules: readonly Rule[];
  readonly nested: Type | undefined;
}

/**
 * The validators of a DTO class, looked up once and called without class-validator's executor, which looks them up anew
 * for every value. It only says yes: the values it accepts are those that class-validator has no fault to find with,
 * and what it does not accept, or does not understand, is for class-validator to judge.
 */
export class CompiledDto {
  private static readonly known = new Map<Type, CompiledDto>();

  /** Whether the class has validators, so that there is something to check. */
  readonly hasRules: boolean;
  private readonly name: string;
  private readonly fields: ReadonlyMap<string, Field> | undefined;

  private constructor(private readonly type: Type) {
    const metadata = getMetadataStorage().getTargetValidationMetadatas(type, '', false, false);
    this.name = type.name;
    this.hasRules = metadata.length > 0;
    const fields = [...fieldsOf(type)].map((name) => compileField(type, name, metadata));
    this.fields = fields.every((field) => field !== undefined)
      ? new Map(fields.map((field) => [field.name, field]))
      : undefined;
  }

  static of(type: Type): CompiledDto {
    const known = this.known.get(type);
    if (known) return known;
    const compiled = new this(type);
    this.known.set(type, compiled);
    return compiled;
  }

  /** The value as an instance of the class; nothing when class-validator has to be asked. */
  accept(value: unknown): object | undefined {
    if (!this.fields || !isPlainObject(value)) return undefined;
    const instance = this.instance(value, this.fields);
    if (!instance) return undefined;
    for (const field of this.fields.values()) if (!this.isRight(field, instance)) return undefined;
    return instance;
  }

  private instance(value: object, fields: ReadonlyMap<string, Field>): Record<string, unknown> | undefined {
    const instance = new this.type() as Record<string, unknown>;
    for (const key of Object.keys(value)) {
      const field = fields.get(key);
      if (!field) return undefined;
      const child = (value as Record<string, unknown>)[key];
      const isNested = field.nested && isPlainObject(child);
      instance[key] = isNested ? CompiledDto.of(field.nested).accept(child) : child;
      if (isNested && instance[key] === undefined) return undefined;
    }
    return instance;
  }

  private isRight({ name, isOptional, rules }: Field, object: Record<string, unknown>): boolean {
    const value = object[name];
    if (isOptional && (value === undefined || value === null)) return true;
    for (const { validate, constraints } of rules) {
      const args = { targetName: this.name, property: name, object, value, constraints };
      // A promise would be a validator that class-validator leaves out here.
      if (validate(value, args) !== true) return false;
    }
    return true;
  }
}

/** Nothing when a field has what only class-validator understands. */
function compileField(type: Type, name: string, metadata: readonly Metadata[]): Field | undefined {
  const own = metadata.filter(({ propertyName }) => propertyName === name);
  const nested = nestedDto(type, name);
  if (!own.every((one) => isUnderstood(one, nested))) return undefined;
  return {
    name,
    isOptional: own.some(({ name }) => name === IS_OPTIONAL),
    rules: own.flatMap(rulesOf),
    nested,
  };
}

function isUnderstood({ type, name, each, validateIf }: Metadata, nested: Type | undefined): boolean {
  if (each || validateIf) return false;
  if (type === 'nestedValidation') return nested !== undefined;
  if (type === 'conditionalValidation') return name === IS_OPTIONAL;
  return ['customValidation', 'isDefined', 'whitelistValidation'].includes(type);
}

function rulesOf({ constraintCls, constraints }: Metadata): Rule[] {
  const validators = getMetadataStorage().getTargetValidatorConstraints(constraintCls);
  return validators.map(({ instance }) => ({
    validate: (value, args) => instance.validate(value, args),
    constraints,
  }));
}
