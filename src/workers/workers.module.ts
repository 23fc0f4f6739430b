import { Global, Module } from '@nestjs/common';
import { WorkerNews } from './worker-news.js';

/** What both halves have of workers. */
@Global()
@Module({ providers: [WorkerNews], exports: [WorkerNews] })
export class WorkersModule {}
