import { Injectable } from '@nestjs/common';
import { buildInfo } from '../config/build-info.js';
import { Config } from '../config/config.js';
import { gauge, type MetricDefinition } from './metric.js';

const build: MetricDefinition = {
  name: 'taskqueue_build_info',
  type: 'gauge',
  help: 'Always 1: what runs here.',
  role: 'both',
  labels: {
    version: 'one per process',
    commit: 'one per process',
    mode: 'api, worker, both',
    node: 'one per process',
  },
};

export const buildMetrics = [build];

@Injectable()
export class BuildMetric {
  constructor({ service }: Config) {
    const { version, commit } = buildInfo;
    gauge(build).set({ version, commit, mode: service.mode, node: process.version }, 1);
  }
}
