import { Global, Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { HealthController } from './health.controller.js';
import { HealthRegistry } from './health-registry.js';
import { VersionController } from './version.controller.js';

@Global()
@Module({
  imports: [TerminusModule.forRoot({ errorLogStyle: 'json', logger: false })],
  controllers: [HealthController, VersionController],
  providers: [HealthRegistry],
  exports: [HealthRegistry],
})
export class HealthModule {}
