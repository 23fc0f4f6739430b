import { Module } from '@nestjs/common';
import { ClientDirectory } from './client-directory.js';
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
  ],
  exports: [
    ClientDirectory,
    ClientJudge,
    ClientList,
    ClientStore,
    ClientUpkeep,
    KeyCheck,
    KeyRing,
    TierStore,
  ],
})
export class ClientsModule {}
