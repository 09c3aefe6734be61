/** node:http with a keep-alive agent and a deadline, as it is delivered: it takes whatever comes. */
import http from 'node:http';
import { serve } from './controller.ts';

const agent = new http.Agent({ keepAlive: true });
const timeout = Number(process.env['TIMEOUT_MS'] ?? '2000');

serve(
  ({ path }) =>
    new Promise((resolve, reject) => {
      const healthy = path === 'b';
      const url = healthy
        ? process.env['CRM_URL']
        : `${process.env['WORST_URL'] ?? ''}/${path.split('-')[0] ?? ''}`;
      const signal = AbortSignal.timeout(timeout);
      const request = http.request(url ?? '', { method: 'POST', agent, signal }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('error', reject);
        response.on('end', () => {
          try {
            resolve((JSON.parse(text) as { destination: string }).destination);
          } catch {
            reject(new Error('no JSON'));
          }
        });
      });
      request.on('error', reject);
      request.end('{}');
    }),
);
