import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { buildInfo } from '../config/build-info.js';

/** The API as OpenAPI 3.1, generated from the routes and their DTO classes. */
export function openApiDocument(app: NestFastifyApplication): OpenAPIObject {
  const settings = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Task Runner')
    .setDescription('A self-hosted HTTP task queue: enqueue a call to make, now or later, and look it up.')
    .setVersion(buildInfo.version)
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addApiKey({ type: 'apiKey', in: 'header', name: 'X-Admin-Key' }, 'admin')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'The API key of a client.' }, 'client')
    .addApiKey({ type: 'apiKey', in: 'header', name: 'X-API-Key' }, 'client-header')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'AUTOSCALE_TOKEN.' }, 'read-token')
    .build();
  return SwaggerModule.createDocument(app, settings);
}

/** `/openapi.json` and `/docs`, which needs nothing from outside. */
export function serveDocumentation(app: NestFastifyApplication): void {
  SwaggerModule.setup('docs', app, () => openApiDocument(app), {
    jsonDocumentUrl: 'openapi.json',
    raw: ['json'],
  });
}
