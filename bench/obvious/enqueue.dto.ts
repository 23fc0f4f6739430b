import { Type } from 'bench-class-transformer';
import {
  IsIn,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  IsUrl,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';

export class TargetDto {
  @IsUrl({ protocols: ['http', 'https'], require_protocol: true, require_tld: false })
  @MaxLength(8192)
  url!: string;

  @IsOptional()
  @IsIn(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'])
  method?: string;

  @IsOptional()
  @IsObject()
  headers?: Record<string, string>;

  @IsOptional()
  @IsString()
  body?: string;
}

export class EnqueueDto {
  @IsString()
  @Matches(/^[A-Za-z0-9_-]{3,64}$/)
  client_id!: string;

  @IsOptional()
  @IsString()
  @MaxLength(64)
  queue?: string;

  @ValidateNested()
  @Type(() => TargetDto)
  task!: TargetDto;

  @IsOptional()
  @IsNumber()
  @Min(0)
  delay?: number;

  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(1000)
  max_retries?: number;

  @IsOptional()
  @IsNumber()
  @Min(0.001)
  timeout?: number;
}
