import { Module } from '@nestjs/common';
import { TypeMappings } from './type-mappings.js';

@Module({ providers: [TypeMappings], exports: [TypeMappings] })
export class TypeMappingsModule {}
