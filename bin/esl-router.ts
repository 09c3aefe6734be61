#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { runCli } from '../lib/cli.ts';

// The edge of the process: everything within is handed what it needs and can be run in a test.

// From bin/ in a checkout and from dist/bin/ when built.
const packageFile = [
  new URL('../package.json', import.meta.url),
  new URL('../../package.json', import.meta.url),
];

function version(): string {
  for (const file of packageFile) {
    try {
      return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
    } catch {
      continue;
    }
  }
  return '0.0.0';
}

process.on('uncaughtException', (error) => {
  process.stderr.write(`esl-router: ${error.stack ?? error.message}\n`);
  process.exit(1);
});

process.exitCode = await runCli(process.argv.slice(2), {
  version: version(),
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  onStop: (callback) => {
    // Said twice by many supervisors: it changes nothing. A second Ctrl-C is a person who won't wait.
    process.on('SIGTERM', callback);
    process.once('SIGINT', () => {
      process.once('SIGINT', () => process.exit(130));
      callback();
    });
  },
  onReload: (callback) => {
    process.on('SIGHUP', callback);
  },
});
