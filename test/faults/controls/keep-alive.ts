/** node:http with a keep-alive agent, which never asks twice. */
import http from 'node:http';
import { serve } from './controller.ts';

const agent = new http.Agent({ keepAlive: true });

serve(
  () =>
    new Promise((resolve, reject) => {
      const request = http.request(process.env['CRM_URL'] ?? '', { method: 'POST', agent }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('error', reject);
        response.on('end', () => {
          resolve((JSON.parse(text) as { destination: string }).destination);
        });
      });
      request.on('error', reject);
      request.end('{}');
    }),
);
