import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { IsOptional, Matches } from 'class-validator';

const DEFAULT_LIMIT = 50;
const MOST = 1000;

/** `limit` in the query of a list: how many entries a page has at most. */
export function PageLimit(): PropertyDecorator {
  const range = { minimum: 1, maximum: MOST, default: DEFAULT_LIMIT };
  return applyDecorators(
    IsOptional(),
    Matches(/^([1-9]\d{0,2}|1000)$/, { message: `must be a whole number from 1 to ${MOST}` }),
    ApiProperty({ type: 'integer', ...range, required: false }),
  );
}

/** What it says, or what holds when it is left out. */
export function readPageLimit(limit: string | undefined): number {
  return Number(limit ?? DEFAULT_LIMIT);
}
