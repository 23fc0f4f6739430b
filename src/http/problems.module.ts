import { Global, Module } from '@nestjs/common';
import { Problems } from './problems.js';

@Global()
@Module({ providers: [Problems], exports: [Problems] })
export class ProblemsModule {}
