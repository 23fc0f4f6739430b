import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { ClientDirectory } from './client-directory.js';
import { ClientGuard } from './client-guard.js';
import { ClientJudge } from './client-judge.js';
import { ClientList } from './client-list.js';
import { ClientStore } from './client-store.js';
import { ClientUpkeep } from './client-upkeep.js';
import { KeyCheck } from './key-check.js';
import { KeyRing } from './key-ring.js';
import { TierStore } from './tier-store.js';

@Module({
  providers: [
    ClientDirectory,
    ClientJudge,
    ClientList,
    ClientStore,
    ClientUpkeep,
    KeyCheck,
    KeyRing,
    TierStore,
    { provide: APP_GUARD, useClass: ClientGuard },
  ],
  exports: [ClientDirectory, ClientJudge, ClientList, ClientStore, ClientUpkeep, KeyRing, TierStore],
})
export class ClientsModule {}
