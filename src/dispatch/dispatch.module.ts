import { Module } from '@nestjs/common';
import { DestinationRules } from '../clients/destination-rules.js';
import { SigningKeys } from '../clients/signing-keys.js';
import { Config } from '../config/config.js';
import { compileAddressPolicy } from '../net/address-policy.js';
import { TaskHandler } from '../queue/task-handler.js';
import { AttemptLog } from './attempt-log.js';
import { Calls } from './calls.js';
import { DestinationCheck } from './destination-check.js';
import { Dispatcher } from './dispatcher.js';
import { HandlersModule } from './handlers/handlers.module.js';
import { HttpSender } from './http-sender.js';
import { readProxy } from './proxy-tunnel.js';
import { RequestSigner } from './request-signer.js';
import { UndiciSender } from './undici-sender.js';
import { Work } from './work.js';

@Module({
  imports: [HandlersModule],
  providers: [
    AttemptLog,
    Calls,
    DestinationCheck,
    DestinationRules,
    RequestSigner,
    SigningKeys,
    { provide: HttpSender, inject: [Config], useFactory: httpSender },
    { provide: TaskHandler, useClass: Dispatcher },
    Work,
  ],
  exports: [TaskHandler, HttpSender],
})
export class DispatchModule {}

function httpSender(config: Config): HttpSender {
  return new UndiciSender({
    guard: compileAddressPolicy(config.outgoing),
    captureBytes: config.delivery.responseCaptureBytes,
    ...(config.outgoing.egressProxy && { proxy: readProxy(config.outgoing.egressProxy) }),
  });
}
