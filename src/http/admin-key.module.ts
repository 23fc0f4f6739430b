import { type DynamicModule, Module } from '@nestjs/common';
import { type AdminAccess, AdminKey } from './admin-key.js';

/** Makes the admin key known to all who have to ask for it. */
@Module({})
export class AdminKeyModule {
  static with(access: AdminAccess): DynamicModule {
    return {
      module: AdminKeyModule,
      global: true,
      providers: [{ provide: AdminKey, useValue: new AdminKey(access) }],
      exports: [AdminKey],
    };
  }
}
