import { Module } from '@nestjs/common';
import { ClientStore } from './client-store.js';
import { TierStore } from './tier-store.js';

@Module({ providers: [ClientStore, TierStore], exports: [ClientStore, TierStore] })
export class ClientsModule {}
