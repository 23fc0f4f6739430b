// The task queue that a team builds in a day from what is at hand: Nest on Express, class-validator, BullMQ and fetch.
import 'reflect-metadata';
import { ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import * as transformerPackage from 'bench-class-transformer';
import { ExpressAdapter } from 'bench-platform-express';
import { App } from './app.js';

const isApi = process.env['MODE'] === 'api';
const root = isApi ? App.api() : App.worker();
const app = await NestFactory.create(root, new ExpressAdapter(), { logger: ['warn', 'error'] });
// Both packages are here under names of their own, so that the product's installation does not take them along.
app.useGlobalPipes(new ValidationPipe({ whitelist: true, transform: true, transformerPackage }));
app.enableShutdownHooks();
if (isApi) await app.listen(Number(process.env['PORT'] ?? 8080), '127.0.0.1');
else await app.init();
