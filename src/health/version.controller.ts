import { Controller, Get } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { type BuildInfo, buildInfo } from '../config/build-info.js';

@ApiExcludeController()
@Controller('version')
export class VersionController {
  @Get()
  version(): BuildInfo {
    return buildInfo;
  }
}
