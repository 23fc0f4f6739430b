import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { IsString, Matches } from 'class-validator';
import { CLIENT_ID } from '../task/task-id.js';

/** The id of a client, in a request. */
export function IsClientId(options: { readonly required: boolean }): PropertyDecorator {
  return applyDecorators(
    IsString(),
    Matches(CLIENT_ID, { message: 'must be 3 to 64 letters, digits, hyphens or underscores' }),
    ApiProperty({ ...options, pattern: CLIENT_ID.source, example: 'my-service' }),
  );
}
