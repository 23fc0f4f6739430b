import { type DynamicModule, Module } from '@nestjs/common';
import { AdminGuard } from './admin-guard.js';
import { type AdminAccess, AdminKey } from './admin-key.js';
import { Doors } from './doors.js';

/** Makes the admin key known to all who have to ask for it, and the doors to who guards one. */
@Module({})
export class AdminKeyModule {
  static with(access: AdminAccess): DynamicModule {
    return {
      module: AdminKeyModule,
      global: true,
      providers: [{ provide: AdminKey, useValue: new AdminKey(access) }, AdminGuard, Doors],
      exports: [AdminKey, Doors],
    };
  }
}
