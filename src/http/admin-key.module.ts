import { type DynamicModule, Module } from '@nestjs/common';
import { AdminGuard } from './admin-guard.js';
import { type AdminAccess, AdminKey } from './admin-key.js';
import { Doors } from './doors.js';
import { type Reading, ReadTokens } from './read-tokens.js';

/** Makes the admin key known to all who have to ask for it, and the doors to who guards one. */
@Module({})
export class AdminKeyModule {
  static with(access: AdminAccess, tokens: Readonly<Record<Reading, string>>): DynamicModule {
    const key = new AdminKey(access);
    return {
      module: AdminKeyModule,
      global: true,
      providers: [
        { provide: AdminKey, useValue: key },
        { provide: ReadTokens, useValue: new ReadTokens(tokens, key) },
        AdminGuard,
        Doors,
      ],
      exports: [AdminKey, Doors],
    };
  }
}
