import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { readyUntilEnded } from '@mailwarden/config';
import { createLogger, nestLogger } from '@mailwarden/observability';
import { AGENT_SETTINGS_VARIABLE, loadAgentSettings } from './agent-settings.js';
import { AgentModule } from './agent.module.js';

const log = createLogger({ service: 'collector-agent', level: process.env['MAILWARDEN_LOG_LEVEL'] ?? 'info' });
try {
  const settings = await loadAgentSettings(process.env[AGENT_SETTINGS_VARIABLE]);
  const app = await NestFactory.createApplicationContext(await AgentModule.compose(settings, log.child({ server: settings.server })), {
    logger: nestLogger(log),
  });
  readyUntilEnded(() => app.close());
} catch (cause) {
  log.fatal({ err: cause }, 'the agent cannot start');
  process.exitCode = 1;
}
