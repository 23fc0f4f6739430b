import { Module } from '@nestjs/common';
import { ClientStore } from './client-store.js';

@Module({ providers: [ClientStore], exports: [ClientStore] })
export class ClientsModule {}
