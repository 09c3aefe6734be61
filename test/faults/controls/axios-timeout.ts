/** axios with its `timeout` and no other deadline. */
import axios from 'axios';
import { serve } from './controller.ts';

const url = process.env['CRM_URL'] ?? '';
const timeout = Number(process.env['TIMEOUT_MS'] ?? '2000');

serve(async ({ path }) => {
  const { data } = await axios.post<{ destination: string }>(
    `${url}/${path}`,
    {},
    { timeout, maxRedirects: 0 },
  );
  return data.destination;
});
