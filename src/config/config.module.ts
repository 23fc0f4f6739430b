import { type DynamicModule, Module } from '@nestjs/common';
import { Config } from './config.js';

/** Makes the configuration, read once before anything is built, available everywhere. */
@Module({})
export class ConfigModule {
  static with(config: Config): DynamicModule {
    return {
      module: ConfigModule,
      global: true,
      providers: [{ provide: Config, useValue: config }],
      exports: [Config],
    };
  }
}
